/**
 * Reads what schemas hold, with a few queries for thousands of tables.
 *
 * Easy to get wrong: names are compared by the server under its own collation, so lists are filtered here, by bytes.
 * Use a session in `plainState`: with conversion switched off, names would not come in UTF-8.
 */
import { quoteName, quoteTable, quoteText } from './identifier.ts'
import type { Row, Session } from './session.ts'
import type {
  ColumnDefinition,
  KeyDefinition,
  KeyPart,
  TableDefinition,
  TableName,
  TableSummary,
} from './table-definition.ts'

/** Schemas that belong to the server. */
export const systemSchemas: ReadonlySet<string> = new Set(['mysql', 'sys', 'information_schema', 'performance_schema'])

/** All schemas that the user can see, without the server's own. */
export async function readSchemas(session: Session): Promise<readonly string[]> {
  const rows = await session.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME')
  return rows.map((row) => row.name ?? '').filter((name) => !systemSchemas.has(name.toLowerCase()))
}

/** Tables, views and sequences of the given schemas; temporary ones are not among them. */
export async function readTables(session: Session, schemas: readonly string[]): Promise<readonly TableSummary[]> {
  if (schemas.length === 0) return []
  const rows = await session.query(
    `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, TABLE_TYPE AS type, ENGINE AS engine, TABLE_ROWS AS n,
       AVG_ROW_LENGTH AS average, DATA_LENGTH AS bytes
     FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (${schemas.map(quoteText).join(', ')})
     ORDER BY TABLE_SCHEMA, TABLE_NAME`,
  )
  return rows
    .filter((row) => row.type !== 'TEMPORARY')
    .map((row) => ({
      schema: row.s ?? '',
      name: row.t ?? '',
      engine: row.engine ?? '',
      kind: row.type === 'VIEW' || row.type === 'SYSTEM VIEW' ? 'view' : row.type === 'SEQUENCE' ? 'sequence' : 'table',
      estimatedRows: Number(row.n ?? 0),
      averageRowBytes: Number(row.average ?? 0),
      dataBytes: Number(row.bytes ?? 0),
    }))
}

/** Columns and keys of the given tables; tables that are gone are not in the answer. */
export async function readDefinitions(
  session: Session,
  tables: readonly TableName[],
): Promise<readonly TableDefinition[]> {
  const definitions: TableDefinition[] = []
  for (const [schema, names] of namesBySchema(tables)) {
    const columns = await readColumns(session, schema, names)
    const keys = await readKeys(session, schema, names)
    for (const name of names) {
      const found = columns.get(name)
      if (found !== undefined) definitions.push({ schema, name, columns: found, keys: keys.get(name) ?? [] })
    }
  }
  return definitions
}

/** Above this a list of names costs more than reading the whole schema. */
const mostListedNames = 200

function namesBySchema(tables: readonly TableName[]): Map<string, string[]> {
  const bySchema = new Map<string, string[]>()
  for (const { schema, name } of tables) {
    const names = bySchema.get(schema)
    if (names === undefined) bySchema.set(schema, [name])
    else names.push(name)
  }
  return bySchema
}

function whereTables(schema: string, names: readonly string[]): string {
  const inSchema = `TABLE_SCHEMA = ${quoteText(schema)}`
  if (names.length > mostListedNames) return inSchema
  return `${inSchema} AND TABLE_NAME IN (${names.map(quoteText).join(', ')})`
}

async function readColumns(
  session: Session,
  schema: string,
  names: readonly string[],
): Promise<Map<string, ColumnDefinition[]>> {
  const rows = await session.query(
    `SELECT TABLE_NAME AS t, COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS full, CHARACTER_SET_NAME AS charset,
       COLLATION_NAME AS collation, IS_NULLABLE AS nullable, EXTRA AS extra, COLUMN_KEY AS row_key
     FROM information_schema.COLUMNS WHERE ${whereTables(schema, names)} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  )
  const byTable = new Map<string, ColumnDefinition[]>()
  for (const row of rows) append(byTable, row.t ?? '', toColumn(row))
  return byTable
}

function toColumn(row: Row): ColumnDefinition {
  const extra = row.extra ?? ''
  return {
    name: row.name ?? '',
    dataType: (row.type ?? '').toLowerCase(),
    columnType: row.full ?? '',
    characterSet: row.charset ?? null,
    collation: row.collation ?? null,
    isNullable: row.nullable === 'YES',
    // DEFAULT_GENERATED is a default that is an expression, not a generated column.
    isGenerated: /\b(VIRTUAL|STORED|PERSISTENT)\b/.test(extra),
    isInvisible: /\bINVISIBLE\b/.test(extra),
    // Also of a unique key, where there is no primary one (tried on MySQL 5.6 and 9.7, MariaDB 10.11).
    isInRowKey: row.row_key === 'PRI',
  }
}

async function readKeys(
  session: Session,
  schema: string,
  names: readonly string[],
): Promise<Map<string, KeyDefinition[]>> {
  // `*`, because the columns that say whether a key is visible have different names, or are missing.
  const rows = await session.query(
    `SELECT * FROM information_schema.STATISTICS WHERE ${whereTables(schema, names)}
     ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
  )
  const parts = new Map<string, Row[]>()
  for (const row of rows) append(parts, JSON.stringify([row.TABLE_NAME, row.INDEX_NAME]), row)
  const byTable = new Map<string, KeyDefinition[]>()
  for (const rowsOfKey of parts.values()) append(byTable, rowsOfKey[0]?.TABLE_NAME ?? '', toKey(rowsOfKey))
  return byTable
}

function toKey(rows: readonly Row[]): KeyDefinition {
  const [first] = rows
  return {
    name: first?.INDEX_NAME ?? '',
    isPrimary: first?.INDEX_NAME === 'PRIMARY',
    isUnique: first?.NON_UNIQUE === '0',
    isVisible: first?.IS_VISIBLE !== 'NO' && first?.IGNORED !== 'YES',
    parts: rows.map(toKeyPart),
  }
}

function toKeyPart(row: Row): KeyPart {
  const prefix = row.SUB_PART ?? null
  return {
    column: row.COLUMN_NAME ?? null,
    prefixLength: prefix === null ? null : Number(prefix),
    isNullable: row.NULLABLE === 'YES',
  }
}

function append<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** The statement that makes the schema. @throws SqlError 1049 when it is gone */
export async function readCreateSchema(session: Session, schema: string): Promise<string> {
  const [row] = await session.query(`SHOW CREATE DATABASE ${quoteName(schema)}`)
  return row?.['Create Database'] ?? ''
}

/** The statement that makes a table or a sequence. @throws SqlError 1146 when it is gone */
export async function readCreateTable(session: Session, { schema, name }: TableName): Promise<string> {
  const [row] = await session.query(`SHOW CREATE TABLE ${quoteTable(schema, name)}`)
  return row?.['Create Table'] ?? row?.Table ?? ''
}

/** The statement that makes a view, names qualified. @throws SqlError 1146 when it is gone or broken */
export async function readCreateView(session: Session, { schema, name }: TableName): Promise<string> {
  const [row] = await session.query(`SHOW CREATE VIEW ${quoteTable(schema, name)}`)
  return row?.['Create View'] ?? ''
}

export interface ForeignKey {
  readonly name: string
  readonly child: TableName
  readonly childColumns: readonly string[]
  readonly parent: TableName
  readonly parentColumns: readonly string[]
}

/** Foreign keys of tables in the given schemas. */
export async function readForeignKeys(session: Session, schemas: readonly string[]): Promise<readonly ForeignKey[]> {
  if (schemas.length === 0) return []
  const rows = await session.query(
    `SELECT CONSTRAINT_NAME AS name, TABLE_SCHEMA AS s, TABLE_NAME AS t, COLUMN_NAME AS c, REFERENCED_TABLE_SCHEMA AS ps,
       REFERENCED_TABLE_NAME AS pt, REFERENCED_COLUMN_NAME AS pc
     FROM information_schema.KEY_COLUMN_USAGE
     WHERE TABLE_SCHEMA IN (${schemas.map(quoteText).join(', ')}) AND REFERENCED_TABLE_NAME IS NOT NULL
     ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`,
  )
  const byName = new Map<string, Row[]>()
  for (const row of rows) append(byName, JSON.stringify([row.s, row.t, row.name]), row)
  return [...byName.values()].map((parts) => {
    const [first] = parts
    return {
      name: first?.name ?? '',
      child: { schema: first?.s ?? '', name: first?.t ?? '' },
      childColumns: parts.map((row) => row.c ?? ''),
      parent: { schema: first?.ps ?? '', name: first?.pt ?? '' },
      parentColumns: parts.map((row) => row.pc ?? ''),
    }
  })
}

/** The tables of the given schemas that have triggers, once each. */
export async function readTablesWithTriggers(
  session: Session,
  schemas: readonly string[],
): Promise<readonly TableName[]> {
  if (schemas.length === 0) return []
  const rows = await session.query(
    `SELECT DISTINCT EVENT_OBJECT_SCHEMA AS s, EVENT_OBJECT_TABLE AS t FROM information_schema.TRIGGERS
     WHERE EVENT_OBJECT_SCHEMA IN (${schemas.map(quoteText).join(', ')})`,
  )
  return rows.map((row) => ({ schema: row.s ?? '', name: row.t ?? '' }))
}
