/**
 * Whether the account can see everything that the job names.
 *
 * Easy to get wrong: a server shows nobody a table that he may not read, so what is hidden looks as if it did not exist.
 * A copy of nothing would be the answer to a forgotten GRANT.
 */
import type { SchemaFilter } from '../../model/replication-job.ts'
import type { Grants } from '../../mysql/grants.ts'
import { quoteTable } from '../../mysql/identifier.ts'
import { isPlainName } from '../filter.ts'

/**
 * @param seen the schemas in scope that the server shows
 * @returns what SELECT must be granted on, as GRANT takes it; nothing where nothing is hidden, as far as that can be known
 */
export function hiddenScope(
  include: readonly SchemaFilter[],
  seen: readonly string[],
  grants: Grants,
): readonly string[] {
  if (grants.hasGlobal('SELECT')) return []
  const hidden: string[] = []
  for (const { schema, tables } of include) {
    if (!isPlainName(schema)) continue
    const named = tables.length > 0 && tables.every(isPlainName) ? tables : [null]
    for (const table of named) {
      if (grants.hasOn('SELECT', schema, table)) continue
      // Some of its tables may be all that the patterns are meant for.
      if (table === null && tables.length > 0 && seen.includes(schema)) continue
      hidden.push(table === null ? grants.placeOf(schema) : quoteTable(schema, table))
    }
  }
  // Of schemas that are not named, those that are meant are the ones that may be read, if there are any.
  if (hidden.length === 0 && include.every(({ schema }) => !isPlainName(schema)) && seen.length === 0) return ['*.*']
  return [...new Set(hidden)]
}
