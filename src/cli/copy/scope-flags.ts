/**
 * --schemas, --tables and --exclude as the filters of a job.
 *
 * Easy to get wrong: names may hold anything. Between backticks, as in SQL, a dot or a comma is part of the name.
 */
import { InvalidError } from '../../core/errors.ts'
import type { SchemaFilter } from '../../model/replication-job.ts'

export interface ScopeFlags {
  readonly schemas?: string
  readonly tables?: string
  readonly exclude?: string
}

export interface CopyScope {
  readonly include: readonly SchemaFilter[]
  readonly exclude: readonly SchemaFilter[]
}

/** @throws InvalidError naming the flag and the entry */
export function readScope({ schemas, tables, exclude }: ScopeFlags): CopyScope {
  const whole = entriesOf(schemas, '--schemas').map((parts) => {
    if (parts.length > 1) throw invalid('--schemas', `"${parts.join('.')}" names a table; use --tables for those`)
    return { schema: parts[0] ?? '', tables: [] }
  })
  const single = entriesOf(tables, '--tables').map((parts) => {
    if (parts.length < 2)
      throw invalid('--tables', `"${parts[0]}" must be SCHEMA.TABLE; use --schemas for whole schemas`)
    return parts
  })
  const excluded = entriesOf(exclude, '--exclude')
  return {
    include: [...whole, ...bySchema(single)],
    exclude: [
      ...excluded.filter((parts) => parts.length === 1).map((parts) => ({ schema: parts[0] ?? '', tables: [] })),
      ...bySchema(excluded.filter((parts) => parts.length > 1)),
    ],
  }
}

function bySchema(names: readonly (readonly string[])[]): readonly SchemaFilter[] {
  const groups = Map.groupBy(names, ([schema]) => schema ?? '')
  return [...groups].map(([schema, parts]) => ({ schema, tables: parts.map(([, table]) => table ?? '') }))
}

/** Each entry as one name, or two. */
function entriesOf(text: string | undefined, flag: string): readonly (readonly string[])[] {
  if (text === undefined) return []
  const entries: string[][] = [[]]
  const part = /`((?:[^`]|``)+)`|([^`.,\s][^`.,]*)/y
  for (let at = 0; ; at += 1) {
    part.lastIndex = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0)
    const match = part.exec(text)
    if (match === null)
      throw invalid(flag, `"${text}" has an empty name; write SCHEMA or SCHEMA.TABLE, comma separated`)
    entries.at(-1)?.push(match[1]?.replaceAll('``', '`') ?? match[2]?.trim() ?? '')
    at = part.lastIndex
    while (text[at] === ' ') at += 1
    if (at >= text.length) break
    if (text[at] === ',') entries.push([])
    else if (text[at] !== '.' || entries.at(-1)?.length === 2)
      throw invalid(flag, `"${text}" is not SCHEMA or SCHEMA.TABLE, comma separated; put backticks around odd names`)
  }
  return entries
}

function invalid(field: string, message: string): InvalidError {
  return new InvalidError([{ field, value: null, message }])
}
