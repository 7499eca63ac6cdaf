/**
 * Reads the settings from flags, environment and a YAML file, in this order of precedence, over the defaults.
 *
 * Easy to get wrong: every wrong value is reported, not only the first, and an unknown key of the file or an unknown
 * MILLRACE_ variable is an error: a misspelt setting must not be silently without effect.
 */
import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { InvalidError, type Issue, messageOf } from '../core/errors.ts'
import { type Option, type OptionName, options, type Settings } from './options.ts'

/** Where a setting's value came from. */
export type Origin = 'flag' | 'environment' | 'file' | 'default'

export interface LoadedSettings {
  readonly settings: Settings
  readonly origins: Readonly<Record<OptionName, Origin>>
  readonly texts: Readonly<Record<OptionName, string>>
}

export interface SettingsInput {
  /** Texts by flag name without dashes; `config` names the file. */
  readonly flags: Readonly<Record<string, string>>
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Variables of ours that are not settings of the agent. */
const otherVariables = new Set([
  'MILLRACE_CONFIG',
  'MILLRACE_ADDRESS',
  'MILLRACE_UDUP_ADDRESS',
  'MILLRACE_TOKEN_FILE',
  'MILLRACE_FROM_PASSWORD',
  'MILLRACE_TO_PASSWORD',
  'MILLRACE_JOB',
  'MILLRACE_FIRE',
  'MILLRACE_EXECUTION',
])

/** @throws InvalidError that lists every wrong setting with its field, value and what is allowed */
export function loadSettings(input: SettingsInput): LoadedSettings {
  const issues: Issue[] = []
  const file = readFile(input.flags.config ?? input.environment.MILLRACE_CONFIG, issues)
  issues.push(...unknownNames(file, input.environment))
  const settings: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  const texts: Record<string, string> = {}
  for (const name of Object.keys(options) as OptionName[]) {
    const [text, origin, field] = find(name, input, file)
    origins[name] = origin
    texts[name] = text
    try {
      settings[name] = (options[name] as Option<unknown>).kind.parse(text, field)
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error
      issues.push(...error.issues)
    }
  }
  if (issues.length > 0) throw new InvalidError(issues)
  return { settings: settings as Settings, origins, texts } as LoadedSettings
}

/** The environment name of an option: `http-addr` is MILLRACE_HTTP_ADDR. */
export function environmentName(name: OptionName): string {
  return `MILLRACE_${name.toUpperCase().replaceAll('-', '_')}`
}

function find(name: OptionName, input: SettingsInput, file: ReadonlyMap<string, string>): [string, Origin, string] {
  const flag = input.flags[name]
  if (flag !== undefined) return [flag, 'flag', `--${name}`]
  const variable = input.environment[environmentName(name)]
  if (variable !== undefined) return [variable, 'environment', environmentName(name)]
  const inFile = file.get(name)
  if (inFile !== undefined) return [inFile, 'file', name]
  return [options[name].defaultText, 'default', name]
}

function readFile(path: string | undefined, issues: Issue[]): ReadonlyMap<string, string> {
  if (path === undefined) return new Map()
  try {
    const content: unknown = parseYaml(readFileSync(path, 'utf8')) ?? {}
    if (typeof content !== 'object' || Array.isArray(content)) throw new Error('it must be a map of settings')
    return new Map(Object.entries(content as object).map(([key, value]) => [key, textOf(value)]))
  } catch (error) {
    issues.push({ field: '--config', value: path, message: `cannot be read: ${messageOf(error)}` })
    return new Map()
  }
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',')
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, inner]) => `${key}=${textOf(inner)}`)
      .join(',')
  return value === null ? '' : String(value)
}

function unknownNames(file: ReadonlyMap<string, string>, environment: SettingsInput['environment']): Issue[] {
  const variables = new Set((Object.keys(options) as OptionName[]).map(environmentName))
  const unknownKeys = [...file.keys()].filter((key) => !(key in options))
  const unknownVariables = Object.keys(environment).filter(
    (key) => key.startsWith('MILLRACE_') && !variables.has(key) && !otherVariables.has(key),
  )
  return [...unknownKeys, ...unknownVariables].map((field) => ({
    field,
    value: file.get(field) ?? environment[field],
    message: 'is not a setting; "millrace agent --help" lists them all',
  }))
}
