/** The schemas and tables of a server as a tree to tick: what is shown for a search, what each box says, and the sums. */
import type { FoundSchema, FoundTable } from '../wire.ts'
import { includesTable, includesTablesToCome, type Scope, withSchema, withTable } from './scope.ts'

export type BoxState = 'all' | 'some' | 'none'

export interface SchemaNode {
  readonly schema: FoundSchema
  readonly state: BoxState
  readonly pickedCount: number
  /** Tables made later follow too. */
  readonly followsNew: boolean
  /** What the search leaves of its tables. */
  readonly shown: readonly FoundTable[]
}

export interface Sums {
  readonly schemas: number
  readonly tables: number
  readonly rows: number
  readonly bytes: number
  /** Picked, but read in one piece under a short lock. */
  readonly withoutKey: number
}

/** @param search part of a schema's or a table's name, or `schema.table`; in any case */
export function schemaNodes(schemas: readonly FoundSchema[], scope: Scope, search: string): readonly SchemaNode[] {
  const wanted = search.trim().toLowerCase()
  return schemas.flatMap((schema) => {
    const shown = shownTables(schema, wanted)
    if (shown === null) return []
    const pickedCount = schema.tables.filter((table) => includesTable(scope, schema.name, table.name)).length
    const followsNew = includesTablesToCome(scope, schema.name)
    return [{ schema, state: boxState(pickedCount, schema.tables.length, followsNew), pickedCount, followsNew, shown }]
  })
}

function boxState(picked: number, count: number, followsNew: boolean): BoxState {
  if (picked === count && (followsNew || count > 0)) return 'all'
  return picked === 0 && !followsNew ? 'none' : 'some'
}

/** Null: neither the schema nor a table of it fits. */
function shownTables(schema: FoundSchema, wanted: string): readonly FoundTable[] | null {
  if (wanted === '' || schema.name.toLowerCase().includes(wanted)) return schema.tables
  const tables = schema.tables.filter(
    ({ name }) => name.toLowerCase().includes(wanted) || `${schema.name}.${name}`.toLowerCase().includes(wanted),
  )
  return tables.length === 0 ? null : tables
}

/** Everything that a search has left: whole schemas, and of those that it has cut the tables alone. */
export function withFound(scope: Scope, nodes: readonly SchemaNode[], isWanted: boolean): Scope {
  return nodes.reduce((changed, { schema, shown }) => {
    if (shown.length === schema.tables.length) return withSchema(changed, schema.name, isWanted)
    const siblings = schema.tables.map(({ name }) => name)
    return shown.reduce((next, { name }) => withTable(next, schema.name, name, isWanted, siblings), changed)
  }, scope)
}

export function sumsOf(schemas: readonly FoundSchema[], scope: Scope): Sums {
  let [schemaCount, tables, rows, bytes, withoutKey] = [0, 0, 0, 0, 0]
  for (const schema of schemas) {
    const picked = schema.tables.filter((table) => includesTable(scope, schema.name, table.name))
    if (picked.length > 0 || includesTablesToCome(scope, schema.name)) schemaCount += 1
    tables += picked.length
    for (const table of picked) {
      rows += table.rows_estimate ?? 0
      bytes += table.bytes ?? 0
      if (table.kind === 'table' && table.has_key === false) withoutKey += 1
    }
  }
  return { schemas: schemaCount, tables, rows, bytes, withoutKey }
}
