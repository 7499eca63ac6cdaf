/** What differs between a job as it is and as it would be, field by field, under the names of its API. */
import { isDeepStrictEqual } from 'node:util'

export interface FieldChange {
  readonly field: string
  /** Null where there was nothing. */
  readonly before: unknown
  readonly after: unknown
  /** The values are not to be shown. */
  readonly isSecret: boolean
}

type Json = Readonly<Record<string, unknown>>

/** Owned by the server: never part of what is applied. */
const scheduledOwned = new Set(['success_count', 'error_count', 'last_success', 'last_error', 'next', 'status'])
const replicationOwned = ['ID', 'Status', 'StatusDescription', 'CreatedAt', 'UpdatedAt'] as const

/**
 * @param stored null for a new job: then the fields that `body` gives are told
 * @param job as the agent would store it
 */
export function scheduledChanges(stored: Json | null, job: Json, body: Json): readonly FieldChange[] {
  const after = flatten(without(job, scheduledOwned))
  if (stored !== null) return changesOf(flatten(without(stored, scheduledOwned)), after)
  const given = new Set(Object.keys(body).map((name) => name.toLowerCase()))
  const isGiven = ([field]: readonly [string, unknown]) => given.has(field.split('.', 1)[0] ?? '') && field !== 'name'
  return changesOf(new Map(), new Map([...after].filter(isGiven)))
}

/** @param passwords the tasks, `Src` and `Dest`, whose password changes */
export function replicationChanges(
  stored: Json | null,
  job: Json,
  passwords: readonly string[],
): readonly FieldChange[] {
  const after = flatten(byTask(job))
  if (stored === null) {
    const told = [...after].filter(([field, value]) => field !== 'Name' && !isNothing(value))
    return [...changesOf(new Map(), new Map(told)), ...['Src', 'Dest'].map(secretChange)]
  }
  return [...changesOf(flatten(byTask(stored)), after), ...passwords.map(secretChange)]
}

function secretChange(task: string): FieldChange {
  return { field: `${task}.Config.ConnectionConfig.Password`, before: null, after: null, isSecret: true }
}

function changesOf(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): readonly FieldChange[] {
  const fields = new Set([...before.keys(), ...after.keys()])
  return [...fields]
    .filter((field) => !isDeepStrictEqual(before.get(field), after.get(field)))
    .map((field) => ({
      field,
      before: before.get(field) ?? null,
      after: after.get(field) ?? null,
      isSecret: false,
    }))
}

/** Names of inner fields with dots; arrays are values. An object without fields is none. */
function flatten(json: Json, path = ''): ReadonlyMap<string, unknown> {
  const fields = Object.entries(json).flatMap(([name, value]): (readonly [string, unknown])[] =>
    isObject(value) ? [...flatten(value, `${path}${name}.`)] : [[`${path}${name}`, value]],
  )
  return new Map(fields)
}

/** The tasks under their types, each connection once and without its password. */
function byTask(job: Json): Json {
  const tasks = (job['Tasks'] ?? []) as readonly Json[]
  const { Tasks: _tasks, ...rest } = without(job, new Set(replicationOwned))
  return { ...rest, ...Object.fromEntries(tasks.map((task) => [String(task['Type']), taskFields(task)])) }
}

function taskFields({ Type: _type, Config: config, ...rest }: Json): Json {
  const { ConnectionConfig: connection, ...others } = config as Json
  const { Key: _key, Password: _password, ...server } = connection as Json
  return { ...rest, Config: { ...others, ConnectionConfig: server } }
}

function without(json: Json, names: ReadonlySet<string>): Json {
  return Object.fromEntries(Object.entries(json).filter(([name]) => !names.has(name)))
}

function isNothing(value: unknown): boolean {
  return value === '' || value === false || value === null || (Array.isArray(value) && value.length === 0)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
