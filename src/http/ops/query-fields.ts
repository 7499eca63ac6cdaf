/**
 * Reading the query of a request, which collects everything that is wrong with it.
 *
 * Easy to get wrong: a parameter may be given twice; then the last one counts, except where many are asked for.
 */
import { InvalidError, type Issue } from '../../core/errors.ts'
import { parseRfc3339 } from '../../core/rfc3339.ts'
import { shownValue } from '../shared/shown-value.ts'

export interface WholeNumberRule {
  readonly min: number
  readonly max: number
  readonly usual: number
}

export class QueryFields {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #issues: Issue[] = []

  /** @param query as the framework parsed it */
  constructor(query: unknown) {
    this.#values = typeof query === 'object' && query !== null ? (query as Readonly<Record<string, unknown>>) : {}
  }

  /** Empty when it is not given. */
  text(name: string): string {
    return this.texts(name).at(-1) ?? ''
  }

  texts(name: string): readonly string[] {
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined
    return [value].flat().filter((one) => typeof one === 'string')
  }

  /** True for `1` and `true`. */
  flag(name: string): boolean {
    return ['1', 'true'].includes(this.text(name))
  }

  /** One of `allowed`; the first of them when it is not given. */
  oneOf<const Word extends string>(name: string, allowed: readonly [Word, ...Word[]]): Word {
    const text = this.text(name)
    if (text === '') return allowed[0]
    const found = allowed.find((word) => word === text)
    if (found === undefined) this.fail(name, `must be one of ${allowed.filter((word) => word !== '').join(', ')}`)
    return found ?? allowed[0]
  }

  wholeNumber(name: string, { min, max, usual }: WholeNumberRule): number {
    const text = this.text(name)
    if (text === '') return usual
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    this.fail(name, `must be a whole number from ${min} to ${max}`)
    return usual
  }

  /** Epoch ms of an RFC 3339 time; null when it is not given. */
  instant(name: string): number | null {
    const text = this.text(name)
    if (text === '') return null
    const atMs = parseRfc3339(text)
    if (atMs === null) this.fail(name, 'must be an RFC 3339 time, for example 2026-03-29T00:00:00Z')
    return atMs
  }

  fail(name: string, message: string): void {
    this.#issues.push({ field: name, value: shownValue(name, this.text(name)), message })
  }

  /** @throws InvalidError with everything that is wrong */
  throwIfInvalid(): void {
    if (this.#issues.length > 0) throw new InvalidError(this.#issues)
  }
}
