/**
 * The target's own table definitions: what row images are read and written with.
 *
 * Easy to get wrong: information_schema compares names without regard to case on old servers, so what it answers is
 * filtered here by the exact name first.
 */
import type { Row, Session } from '../../mysql/session.ts'
import { ApplyError } from './errors.ts'
import { quoteName, quoteTable, utf8Text } from './sql-text.ts'

export interface TargetColumn {
  readonly name: string
  /** In backticks. */
  readonly quoted: string
  /** Lower case, for example `varchar`. */
  readonly dataType: string
  /** Lower case with everything, for example `int(10) unsigned`. */
  readonly columnType: string
  readonly characterSet: string | null
  readonly collation: string | null
  readonly isUnsigned: boolean
  readonly isNullable: boolean
  readonly isGenerated: boolean
  /** The server sets it when a statement changes the row without naming it. */
  readonly hasOnUpdate: boolean
  /** AUTO_INCREMENT: each row written moves the table's counter behind its value. */
  readonly isCounted: boolean
  /** Characters of a character column. */
  readonly length: number | null
}

export interface TargetKey {
  readonly name: string
  readonly isPrimary: boolean
  /** Indexes into `columns`. */
  readonly columns: readonly number[]
  readonly hasNullable: boolean
  /** An expression is in the key: not fit to find a row by its values. */
  readonly hasExpression: boolean
  /** Only the first characters of a column are in the key. */
  readonly hasPrefix: boolean
}

export interface TargetTable {
  readonly schema: string
  readonly name: string
  /** `schema`.`table` in backticks. */
  readonly quoted: string
  readonly engine: string
  readonly isTransactional: boolean
  /** MariaDB's WITH SYSTEM VERSIONING: how a row came to be is stored too. */
  readonly keepsHistory: boolean
  readonly columns: readonly TargetColumn[]
  readonly uniqueKeys: readonly TargetKey[]
  /** Names of triggers on it. */
  readonly triggers: readonly string[]
  /** Foreign keys of other tables, or its own, that point here. */
  readonly children: readonly ForeignKey[]
  /** Its own foreign keys. */
  readonly parents: readonly ForeignKey[]
}

export interface ForeignKey {
  readonly childSchema: string
  readonly childTable: string
  readonly parentSchema: string
  readonly parentTable: string
  /** Names of the child's columns and, in the same order, of the parent's. */
  readonly childColumns: readonly string[]
  readonly parentColumns: readonly string[]
  readonly onDelete: ForeignKeyAction
  readonly onUpdate: ForeignKeyAction
}

export type ForeignKeyAction = 'cascade' | 'set-null' | 'refuse'

/** Engines that take part in transactions; on all others a crash can leave rows that no checkpoint knows. */
const transactionalEngines = new Set(['innodb', 'rocksdb', 'tokudb', 'ndbcluster'])

export class TableCatalog {
  readonly #session: Session
  readonly #tables = new Map<string, Promise<TargetTable | null>>()

  constructor(session: Session) {
    this.#session = session
  }

  /** @throws ApplyError if the table is not there */
  async get(schema: string, table: string): Promise<TargetTable> {
    const found = await this.find(schema, table)
    if (found === null)
      throw new ApplyError(
        `table ${quoteTable(schema, table)} is not on the target ${this.#session.where}; create it as it is at the source`,
      )
    return found
  }

  /** Null: no such table. */
  find(schema: string, table: string): Promise<TargetTable | null> {
    const key = `${schema}\0${table}`
    const known = this.#tables.get(key)
    if (known !== undefined) return known
    const reading = readTable(this.#session, schema, table)
    this.#tables.set(key, reading)
    reading.catch(() => this.#tables.delete(key))
    return reading
  }

  /** Forgets everything: a definition may have changed. */
  clear(): void {
    this.#tables.clear()
  }
}

async function readTable(session: Session, schema: string, table: string): Promise<TargetTable | null> {
  const where = `TABLE_SCHEMA = ${utf8Text(schema)} AND TABLE_NAME = ${utf8Text(table)}`
  const rows = await session.query(
    `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, ENGINE AS engine, TABLE_TYPE AS type FROM information_schema.TABLES
     WHERE ${where} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')`,
  )
  const head = exactFirst(rows, schema, table)
  if (head === undefined) return null
  const isSame = (row: Row) => row['s'] === head['s'] && row['t'] === head['t']
  const columnRows = await session.query(
    `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, COLUMN_NAME AS name, DATA_TYPE AS data_type, COLUMN_TYPE AS column_type,
       CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation, IS_NULLABLE AS is_nullable, EXTRA AS extra,
       CHARACTER_MAXIMUM_LENGTH AS length
     FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`,
  )
  const columns = columnRows.filter(isSame).map(readColumn)
  const engine = (head['engine'] ?? '').toLowerCase()
  return {
    schema: head['s'] ?? schema,
    name: head['t'] ?? table,
    quoted: quoteTable(head['s'] ?? schema, head['t'] ?? table),
    engine,
    isTransactional: transactionalEngines.has(engine),
    keepsHistory: head['type'] === 'SYSTEM VERSIONED',
    columns,
    uniqueKeys: await readKeys(session, where, isSame, columns),
    triggers: await readTriggers(session, schema, table),
    ...(await readForeignKeys(session, head['s'] ?? schema, head['t'] ?? table)),
  }
}

function exactFirst(rows: readonly Row[], schema: string, table: string): Row | undefined {
  return rows.find((row) => row['s'] === schema && row['t'] === table) ?? rows[0]
}

function readColumn(row: Row): TargetColumn {
  const name = row['name'] ?? ''
  const extra = (row['extra'] ?? '').toLowerCase()
  const columnType = (row['column_type'] ?? '').toLowerCase()
  return {
    name,
    quoted: quoteName(name),
    dataType: (row['data_type'] ?? '').toLowerCase(),
    columnType,
    characterSet: row['charset'] ?? null,
    collation: row['collation'] ?? null,
    isUnsigned: /\bunsigned\b/.test(columnType),
    isNullable: row['is_nullable'] === 'YES',
    // MySQL says DEFAULT_GENERATED for a default that is an expression: that is no generated column.
    isGenerated: /\b(virtual|stored|persistent)\b/.test(extra),
    hasOnUpdate: extra.includes('on update'),
    isCounted: extra.includes('auto_increment'),
    length: row['length'] == null ? null : Number(row['length']),
  }
}

async function readKeys(
  session: Session,
  where: string,
  isSame: (row: Row) => boolean,
  columns: readonly TargetColumn[],
): Promise<TargetKey[]> {
  const rows = await session.query(
    `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, INDEX_NAME AS name, COLUMN_NAME AS column_name,
       SUB_PART AS sub_part, SEQ_IN_INDEX AS seq
     FROM information_schema.STATISTICS WHERE ${where} AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
  )
  const byName = new Map<string, Row[]>()
  for (const row of rows.filter(isSame)) {
    const name = row['name'] ?? ''
    byName.set(name, [...(byName.get(name) ?? []), row])
  }
  const keys = [...byName].map(([name, parts]): TargetKey => {
    const indexes = parts.map((part) => columns.findIndex((column) => column.name === part['column_name']))
    return {
      name,
      isPrimary: name === 'PRIMARY',
      columns: indexes.filter((index) => index >= 0),
      hasNullable: indexes.some((index) => columns[index]?.isNullable ?? true),
      hasExpression: indexes.includes(-1),
      hasPrefix: parts.some((part) => part['sub_part'] != null),
    }
  })
  return keys.sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary))
}

async function readTriggers(session: Session, schema: string, table: string): Promise<string[]> {
  const rows = await session.query(
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS t FROM information_schema.TRIGGERS
     WHERE EVENT_OBJECT_SCHEMA = ${utf8Text(schema)} AND EVENT_OBJECT_TABLE = ${utf8Text(table)}`,
  )
  return rows.map((row) => row['name'] ?? '')
}

async function readForeignKeys(
  session: Session,
  schema: string,
  table: string,
): Promise<Pick<TargetTable, 'children' | 'parents'>> {
  const rows = await session.query(
    `SELECT k.CONSTRAINT_NAME AS name, k.TABLE_SCHEMA AS child_schema, k.TABLE_NAME AS child_table,
       k.REFERENCED_TABLE_SCHEMA AS parent_schema, k.REFERENCED_TABLE_NAME AS parent_table,
       k.COLUMN_NAME AS child_column, k.REFERENCED_COLUMN_NAME AS parent_column,
       r.DELETE_RULE AS on_delete, r.UPDATE_RULE AS on_update
     FROM information_schema.KEY_COLUMN_USAGE AS k
     JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r
       ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
     WHERE (k.TABLE_SCHEMA = ${utf8Text(schema)} AND k.TABLE_NAME = ${utf8Text(table)} AND k.REFERENCED_TABLE_NAME IS NOT NULL)
        OR (k.REFERENCED_TABLE_SCHEMA = ${utf8Text(schema)} AND k.REFERENCED_TABLE_NAME = ${utf8Text(table)})
     ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
  )
  const byName = new Map<string, Row[]>()
  for (const row of rows) {
    const id = JSON.stringify([row['child_schema'], row['child_table'], row['name']])
    byName.set(id, [...(byName.get(id) ?? []), row])
  }
  const keys = [...byName.values()].map(readForeignKey)
  return {
    children: keys.filter((key) => key.parentSchema === schema && key.parentTable === table),
    parents: keys.filter((key) => key.childSchema === schema && key.childTable === table),
  }
}

function readForeignKey(parts: readonly Row[]): ForeignKey {
  const first = parts[0] ?? {}
  return {
    childSchema: first['child_schema'] ?? '',
    childTable: first['child_table'] ?? '',
    parentSchema: first['parent_schema'] ?? '',
    parentTable: first['parent_table'] ?? '',
    childColumns: parts.map((part) => part['child_column'] ?? ''),
    parentColumns: parts.map((part) => part['parent_column'] ?? ''),
    onDelete: readAction(first['on_delete']),
    onUpdate: readAction(first['on_update']),
  }
}

function readAction(rule: string | null | undefined): ForeignKeyAction {
  if (rule === 'CASCADE') return 'cascade'
  return rule === 'SET NULL' ? 'set-null' : 'refuse'
}

/**
 * The key by which a row is found: the primary key, else a unique key without NULL, of which all columns are at hand.
 *
 * @param isAtHand tells whether a column's value is known
 */
export function rowKey(table: TargetTable, isAtHand: (column: number) => boolean): TargetKey | null {
  return table.uniqueKeys.find((key) => !key.hasNullable && !key.hasExpression && key.columns.every(isAtHand)) ?? null
}
