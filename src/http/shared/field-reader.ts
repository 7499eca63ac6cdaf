/**
 * Typed reading of the fields of a JSON body, which collects everything that is wrong with it instead of stopping at
 * the first problem.
 *
 * Easy to get wrong: a reading method has three answers besides the value. `undefined`: the field is absent, or had a
 * wrong type (then an issue was noted). `null`: it was given as `null`, known to be nothing. The caller decides what
 * each means for its field. Reading a field is also what makes its name known: whatever was never asked for is an
 * unknown field.
 *
 *     const reader = FieldReader.of(body)
 *     const name = reader.string('name')
 *     const tasks = reader.objects('Tasks') ?? []
 *     const ports = tasks.map((task) => task.object('Config')?.integer('Port', { min: 1, max: 65_535 }))
 *     reader.throwIfInvalid()
 *     const warnings = reader.unknownNames()
 */
import { InvalidError, type Issue } from '../../core/errors.ts'
import { MalformedBodyError } from './errors.ts'
import { shownValue } from './shown-value.ts'

/** A body of a megabyte can be wrong in a hundred thousand places; nobody reads more than this. */
const mostIssues = 100

type JsonObject = Readonly<Record<string, unknown>>

export type Read<Value> = Value | null | undefined

export interface IntegerRule {
  readonly min?: number
  readonly max?: number
  /** Also accept the number as text, `"3306"`. */
  readonly allowText?: boolean
}

/** What all readers of one body share. */
interface Findings {
  readonly issues: Issue[]
  readonly readers: FieldReader[]
}

export class FieldReader {
  readonly #values: JsonObject
  readonly #path: string
  readonly #findings: Findings
  readonly #keyOf = new Map<string, string>()
  readonly #known = new Set<string>()

  private constructor(values: JsonObject, path: string, findings: Findings) {
    this.#values = values
    this.#path = path
    this.#findings = findings
    // Parity: the JSON decoder of the original programs compares names without case; of equal ones the last wins.
    for (const key of Object.keys(values)) this.#keyOf.set(key.toLowerCase(), key)
    findings.readers.push(this)
  }

  /** @throws MalformedBodyError when `body` is not a JSON object */
  static of(body: unknown): FieldReader {
    if (!isObject(body)) throw new MalformedBodyError(`the body must be a JSON object, got ${kindOf(body)}`)
    return new FieldReader(body, '', { issues: [], readers: [] })
  }

  /** True when the field is there, with whatever value. */
  has(name: string): boolean {
    return this.#key(name) !== undefined
  }

  /** The path of a field of this object as issues name it: `Tasks[0].Config.Port`. */
  pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  string(name: string): Read<string> {
    return this.#read(name, 'a string', (value) => (typeof value === 'string' ? value : undefined))
  }

  /** A string that is one of `allowed`, exactly as written there. */
  oneOf<const Word extends string>(name: string, allowed: readonly Word[]): Read<Word> {
    const wanted = `one of ${allowed.map((word) => JSON.stringify(word)).join(', ')}`
    return this.#read(name, wanted, (value) => allowed.find((word) => word === value))
  }

  boolean(name: string): Read<boolean> {
    return this.#read(name, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined))
  }

  /** A whole number that a double holds exactly. */
  integer(name: string, rule: IntegerRule = {}): Read<number> {
    const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, allowText = false } = rule
    return this.#read(name, `a whole number${rangeText(rule)}`, (value) => {
      const number = allowText && typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value
      return isSafeInteger(number) && number >= min && number <= max ? number : undefined
    })
  }

  /**
   * A string that `parse` turns into something else, a duration for example.
   *
   * @param parse null when the text is not valid
   * @param wanted what is allowed, for the message: `must be <wanted>`
   */
  text<Value>(name: string, wanted: string, parse: (text: string) => Value | null): Read<Value> {
    return this.#read(name, wanted, (value) => (typeof value === 'string' ? (parse(value) ?? undefined) : undefined))
  }

  /** An object whose values are all strings; each value that is not gets its own issue, `tags.role`. */
  stringMap(name: string): Read<Readonly<Record<string, string>>> {
    const map = this.#read(name, 'an object of strings', (value) => (isObject(value) ? value : undefined))
    if (map === null || map === undefined) return map
    const wrong = Object.entries(map).filter(([, value]) => typeof value !== 'string')
    for (const [key, value] of wrong) this.#note(`${this.pathOf(name)}.${key}`, value, 'must be a string')
    return wrong.length > 0 ? undefined : (map as Readonly<Record<string, string>>)
  }

  /** An array as it is; the caller checks the items and reports with `fail`. */
  array(name: string): Read<readonly unknown[]> {
    return this.#read(name, 'an array', (value) => (Array.isArray(value) ? value : undefined))
  }

  strings(name: string): Read<readonly string[]> {
    return this.#read(name, 'an array of strings', (value) => (isStrings(value) ? value : undefined))
  }

  /** A nested object, as a reader of its own that reports to the same list. */
  object(name: string): Read<FieldReader> {
    const value = this.#read(name, 'an object', (given) => (isObject(given) ? given : undefined))
    if (value === null || value === undefined) return value
    return new FieldReader(value, this.pathOf(name), this.#findings)
  }

  /** An array of objects; an item that is none gets its own issue and is left out. */
  objects(name: string): Read<readonly FieldReader[]> {
    const items = this.#read(name, 'an array of objects', (value) => (Array.isArray(value) ? value : undefined))
    if (items === null || items === undefined) return items
    return items.flatMap((item: unknown, index) => {
      const path = `${this.pathOf(name)}[${index}]`
      if (isObject(item)) return [new FieldReader(item, path, this.#findings)]
      this.#note(path, item, 'must be an object')
      return []
    })
  }

  /** The value whatever its type, for fields that take several shapes. */
  any(name: string): unknown {
    const key = this.#key(name)
    return key === undefined ? undefined : this.#values[key]
  }

  /** The value as an answer may show it: short, without anything secret. */
  shown(name: string): unknown {
    return shownValue(this.pathOf(name), this.any(name))
  }

  /** Makes names known that are deliberately not read. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#key(name)
  }

  /** Notes a problem that only the caller sees. `message` says what is wrong and what is allowed. */
  fail(name: string, message: string): void {
    this.#note(this.pathOf(name), this.any(name), message)
  }

  /** Everything that is wrong so far, in this object, those around it and those in it. */
  get issues(): readonly Issue[] {
    return this.#findings.issues
  }

  /** @throws InvalidError with every issue, when there is one */
  throwIfInvalid(): void {
    if (this.issues.length > 0) throw new InvalidError([...this.issues])
  }

  /** Paths of the fields that nobody asked for. Call it last, on any reader of the body. */
  unknownNames(): readonly string[] {
    return this.#findings.readers.flatMap((reader) => reader.#unknownHere())
  }

  #unknownHere(): readonly string[] {
    return Object.keys(this.#values)
      .filter((key) => !this.#known.has(key))
      .map((key) => this.pathOf(key))
  }

  #key(name: string): string | undefined {
    const key = Object.hasOwn(this.#values, name) ? name : this.#keyOf.get(name.toLowerCase())
    for (const other of Object.keys(this.#values))
      if (other.toLowerCase() === name.toLowerCase()) this.#known.add(other)
    return key
  }

  #read<Value>(name: string, wanted: string, check: (value: unknown) => Value | undefined): Read<Value> {
    const key = this.#key(name)
    if (key === undefined) return undefined
    const given = this.#values[key]
    if (given === null) return null
    const value = check(given)
    if (value === undefined) this.#note(this.pathOf(name), given, `must be ${wanted}`)
    return value
  }

  #note(field: string, value: unknown, message: string): void {
    if (this.issues.length >= mostIssues) return
    this.#findings.issues.push({ field, value: shownValue(field, value), message })
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isSafeInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function rangeText({ min, max }: IntegerRule): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return ` of at least ${min}`
  return max === undefined ? '' : ` of at most ${max}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
