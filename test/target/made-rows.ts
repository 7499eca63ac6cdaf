/** Row events made by hand, of one table: `id INT PRIMARY KEY AUTO_INCREMENT, u INT UNIQUE, v VARCHAR(50)`. */
import { EventType } from '../../src/binlog/event-type.ts'
import { rawEvent } from '../../src/binlog/raw-event.ts'
import type { RowsReader } from '../../src/binlog/rows-reader.ts'
import { type RowsChange, SourceTable } from '../../src/replication/target/row-changes.ts'
import type { TableCatalog, TargetColumn, TargetTable } from '../../src/replication/target/table-catalog.ts'

export interface MadeRow {
  readonly id: number
  readonly u: number | null
  readonly v: string
}

/** One change of one row. */
export interface MadeChange {
  readonly kind: 'write' | 'update' | 'delete'
  readonly before: MadeRow | null
  readonly after: MadeRow | null
}

const tableId = 77
const allColumns = 0b111

function madeEvent(type: number, body: Buffer, serverId = 1): Buffer {
  const head = Buffer.alloc(19)
  head.writeUInt8(type, 4)
  head.writeUInt32LE(serverId, 5)
  head.writeUInt32LE(19 + body.length, 9)
  return Buffer.concat([head, body])
}

/** @param id of the table; a server gives the same definition new ones */
export function madeTable(id = tableId): SourceTable {
  const body = Buffer.concat([
    idBytes(id),
    Buffer.of(1, 0, 1),
    Buffer.from('s\0'),
    Buffer.of(1),
    Buffer.from('t\0'),
    Buffer.of(3, 3, 3, 15, 2, 50, 0, 0b110),
  ])
  return new SourceTable(rawEvent(madeEvent(EventType.TableMap, body)))
}

export interface MadeOptions {
  readonly table?: SourceTable
  readonly version?: 1 | 2
  readonly serverId?: number
  /** Bits of the columns in both images. */
  readonly present?: number
}

/** One event of several rows of one kind. */
export function madeChange(
  kind: MadeChange['kind'],
  rows: readonly MadeChange[],
  options: MadeOptions = {},
): RowsChange {
  const { table = madeTable(), version = 2, serverId = 1, present = allColumns } = options
  const types = { write: [23, 30], update: [24, 31], delete: [25, 32] } as const
  const flags = 1
  const body = Buffer.concat([
    idBytes(table.mapEvent.buffer.readUIntLE(19, 6)),
    Buffer.of(flags, 0),
    // Extra data, as partitioned tables have it.
    version === 2 ? Buffer.of(5, 0, 1, 0, 0) : Buffer.alloc(0),
    Buffer.of(3, present),
    kind === 'update' ? Buffer.of(present) : Buffer.alloc(0),
    ...rows.flatMap(({ before, after }) =>
      [before, after].map((row) => (row === null ? Buffer.alloc(0) : image(row, present))),
    ),
  ])
  const event = rawEvent(madeEvent(types[kind][version - 1] ?? 0, body, serverId))
  return { kind: 'rows', table, event, flags }
}

/** The rows of an event again; a column that is not in an image is NULL, or empty. */
export function rowsOf({ table, event }: RowsChange): MadeChange[] {
  const reader: RowsReader = table.newReader()
  const { kind } = reader.open(event)
  const rows: MadeChange[] = []
  while (reader.next())
    rows.push({
      kind,
      before: kind === 'write' ? null : readImage(reader.before),
      after: kind === 'delete' ? null : readImage(reader.after),
    })
  return rows
}

/** Bits for NULL, one for each present column, and the values that are none. */
function image({ id, u, v }: MadeRow, present: number): Buffer {
  const cells = [int(id), u === null ? null : int(u), Buffer.concat([Buffer.of(v.length), Buffer.from(v)])]
  const held = cells.filter((_cell, column) => (present & (1 << column)) !== 0)
  const nulls = held.reduce((bits, cell, place) => (cell === null ? bits | (1 << place) : bits), 0)
  return Buffer.concat([Buffer.of(nulls), ...held.filter((cell) => cell !== null)])
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function readImage(row: RowsReader['before']): MadeRow {
  return {
    id: row.bytes(0)?.readInt32LE() ?? Number.NaN,
    u: row.isPresent(1) ? (row.bytes(1)?.readInt32LE() ?? null) : null,
    v: row.isPresent(2) ? (row.bytes(2)?.toString() ?? '') : '',
  }
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUIntLE(id, 0, 6)
  return bytes
}

/** The target's table, with what a test wants otherwise. */
export function madeTarget(changes: Partial<TargetTable> = {}): TargetTable {
  const columns = [column('id', 'int', true), column('u', 'int'), column('v', 'varchar')]
  return {
    schema: 's',
    name: 't',
    quoted: '`s`.`t`',
    engine: 'innodb',
    isTransactional: true,
    keepsHistory: false,
    columns,
    uniqueKeys: [key('PRIMARY', 0, false), key('u', 1, true)],
    triggers: [],
    children: [],
    parents: [],
    ...changes,
  }
}

export function catalogOf(target: TargetTable): TableCatalog {
  return { get: async () => target } as unknown as TableCatalog
}

function key(name: string, place: number, hasNullable: boolean): TargetTable['uniqueKeys'][number] {
  return { name, isPrimary: name === 'PRIMARY', columns: [place], hasNullable, hasExpression: false, hasPrefix: false }
}

function column(name: string, dataType: string, isCounted = false): TargetColumn {
  return {
    name,
    quoted: `\`${name}\``,
    dataType,
    columnType: dataType,
    characterSet: dataType === 'varchar' ? 'utf8mb4' : null,
    collation: null,
    isUnsigned: false,
    isNullable: name !== 'id',
    isGenerated: false,
    hasOnUpdate: false,
    isCounted,
    length: null,
  }
}
