/** The kinds of values that settings have: how each is read, and what is allowed, in words. */
import { InvalidError } from '../core/errors.ts'

export interface OptionKind<Value> {
  /** What follows the flag in the help, for example `HOST:PORT`. Empty: the flag stands alone. */
  readonly placeholder: string
  /** True when the flag may be given more than once; the texts are joined with commas. */
  readonly isList: boolean
  /** @throws InvalidError naming the field, the value and what is allowed */
  parse(text: string, field: string): Value
}

export interface Address {
  readonly host: string
  readonly port: number
}

function invalid(field: string, value: string, allowed: string): InvalidError {
  return new InvalidError([{ field, value, message: `"${value}" is not allowed; give ${allowed}` }])
}

export const textOption: OptionKind<string> = { placeholder: 'TEXT', isList: false, parse: (text) => text }

export const pathOption: OptionKind<string> = { placeholder: 'PATH', isList: false, parse: (text) => text }

export const switchOption: OptionKind<boolean> = {
  placeholder: '',
  isList: false,
  parse(text, field) {
    if (text === 'true') return true
    if (text === 'false') return false
    throw invalid(field, text, 'true or false')
  },
}

export const addressOption: OptionKind<Address> = {
  placeholder: 'HOST:PORT',
  isList: false,
  parse(text, field) {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
    const port = Number(match?.[3])
    if (match === null || port > 65_535) throw invalid(field, text, 'HOST:PORT, for example 127.0.0.1:8080')
    return { host: match[1] ?? (match[2] === '' ? '0.0.0.0' : (match[2] as string)), port }
  },
}

export function choiceOption<Choice extends string>(choices: readonly Choice[]): OptionKind<Choice> {
  return {
    placeholder: choices.join('|'),
    isList: false,
    parse(text, field) {
      const choice = choices.find((allowed) => allowed === text)
      if (choice === undefined) throw invalid(field, text, `one of ${choices.join(', ')}`)
      return choice
    },
  }
}

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

export const durationOption: OptionKind<number> = {
  placeholder: 'DURATION',
  isList: false,
  parse(text, field) {
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
    if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text)
      throw invalid(field, text, 'a duration such as 500ms, 30s, 1m30s')
    return Math.round(parts.reduce((sum, part) => sum + Number(part[1]) * unitMs[part[2] as keyof typeof unitMs], 0))
  },
}

const unitBytes = { '': 1, KB: 1e3, MB: 1e6, GB: 1e9, KIB: 1024, MIB: 1024 ** 2, GIB: 1024 ** 3 } as const

export const sizeOption: OptionKind<number> = {
  placeholder: 'SIZE',
  isList: false,
  parse(text, field) {
    const match = /^(\d+)\s*([KMG]i?B)?$/i.exec(text)
    if (match === null) throw invalid(field, text, 'a size in bytes, or such as 64MB, 1GiB')
    return Number(match[1]) * unitBytes[(match[2] ?? '').toUpperCase() as keyof typeof unitBytes]
  },
}

export function countOption(least: number, most: number): OptionKind<number> {
  return {
    placeholder: 'N',
    isList: false,
    parse(text, field) {
      const count = Number(text)
      if (!/^\d+$/.test(text) || count < least || count > most)
        throw invalid(field, text, `a whole number from ${least} to ${most}`)
      return count
    },
  }
}

export const hostListOption: OptionKind<readonly string[]> = {
  placeholder: 'HOST,...',
  isList: true,
  parse: (text) =>
    text
      .split(',')
      .map((host) => host.trim())
      .filter((host) => host !== ''),
}

export const tagsOption: OptionKind<Readonly<Record<string, string>>> = {
  placeholder: 'KEY=VALUE',
  isList: true,
  parse(text, field) {
    const tags: Record<string, string> = {}
    for (const pair of text.split(',').filter((part) => part !== '')) {
      const [, key, value] = /^([A-Za-z0-9_.-]+)=(.*)$/.exec(pair) ?? []
      if (key === undefined || value === undefined) throw invalid(field, pair, 'key=value')
      tags[key] = value
    }
    return tags
  },
}

export const zoneOption: OptionKind<string> = {
  placeholder: 'ZONE',
  isList: false,
  parse(text, field) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: text })
    } catch {
      throw invalid(field, text, 'an IANA time zone such as UTC or Europe/Berlin')
    }
    return text
  },
}
