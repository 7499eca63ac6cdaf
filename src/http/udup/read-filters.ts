/** Reads ReplicateDoDb and ReplicateIgnoreDb: which schemas and tables a job is about. */
import type { NamePattern, SchemaFilter } from '../../model/replication-job.ts'
import type { FieldReader } from '../shared/field-reader.ts'

export function readFilters(config: FieldReader, name: string): readonly SchemaFilter[] {
  return (config.objects(name) ?? []).map((entry) => {
    const schema = entry.string('TableSchema')
    if (schema === null || (schema === undefined && !entry.has('TableSchema')))
      entry.fail('TableSchema', 'must be given')
    return { schema: schema ?? '', tables: readTables(entry) }
  })
}

/** `[{TableName}]`, `["a", "b"]` or `"a,b"`; absent, null or empty: all of them. */
function readTables(entry: FieldReader): readonly NamePattern[] {
  const given = entry.any('Tables')
  if (typeof given === 'string') return splitNames(given)
  if (Array.isArray(given) && given.every((item) => typeof item === 'string')) return entry.strings('Tables') ?? []
  return (entry.objects('Tables') ?? []).map((table) => {
    const name = table.string('TableName')
    if (name === null || (name === undefined && !table.has('TableName'))) table.fail('TableName', 'must be given')
    return name ?? ''
  })
}

/**
 * Cuts a list at its commas. A name that holds commas or outer blanks is written in backticks (doubled inside), as in
 * SQL; a `/regex/` may hold commas as it is.
 */
export function splitNames(text: string): readonly NamePattern[] {
  const item = /\s*(?:`((?:[^`]|``)*)`|(\/(?:[^/\\]|\\.)+\/)|([^,]*))\s*(?:,|$)/gy
  const names: NamePattern[] = []
  while (item.lastIndex < text.length) {
    const match = item.exec(text)
    if (match === null) break
    const [, quoted, regex, plain] = match
    const name = quoted?.replaceAll('``', '`') ?? regex ?? plain?.trim() ?? ''
    if (name !== '') names.push(name)
  }
  return names
}
