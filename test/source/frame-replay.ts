/**
 * Applies a source task's frames to tables in memory, as a target must, and is strict about what the contract promises:
 * until `copied` everything is applied by key and forgivingly, behind it nothing may be missing or there already.
 */
import { isDeepStrictEqual } from 'node:util'
import { columnValue } from '../../src/binlog/column-value.ts'
import { EventType, rowsEventKind } from '../../src/binlog/event-type.ts'
import type { Position } from '../../src/binlog/position.ts'
import { rawEvent } from '../../src/binlog/raw-event.ts'
import type { RowImage } from '../../src/binlog/row-image.ts'
import { RowsReader } from '../../src/binlog/rows-reader.ts'
import { decodeTableMap } from '../../src/binlog/table-map-event.ts'
import { readTextRow } from '../../src/mysql/text-row.ts'
import type { CopiedTable, ResumePoint } from '../../src/replication/handshake.ts'
import type { ChunkPiece, CopyTable, Frame, FrameItem } from '../../src/replication/pipe/frame.ts'
import { decodeFrame } from '../../src/replication/pipe/frame-codec.ts'

type Row = readonly (string | null)[]

/** Rows by key, or for tables without one a list. */
interface ReplayedTable {
  readonly keyPlaces: readonly number[]
  readonly rows: Map<string, Row>
  heap: Row[]
}

export class FrameReplay {
  readonly tables = new Map<string, ReplayedTable>()
  readonly items: FrameItem['kind'][] = []
  readonly ddl: string[] = []
  readonly structures: string[] = []
  /** Key columns of tables that are not copied, by position; the first column where not said. */
  isCopied = false
  frames = 0
  heartbeats = 0
  transactions = 0
  chunksDone = 0
  #copy = new Map<number, CopyTable>()
  #done = new Map<number, { after: ChunkPiece['after']; upTo: ChunkPiece['upTo'] }[]>()
  #epoch = 0
  #nextNumber = 0
  #position: Position | null = null
  #isOpen = false
  #readers = new Map<number, { reader: RowsReader; table: ReplayedTable; name: string }>()

  /** What a target that stands here answers. Drops a transaction that is open. */
  resume(): { readonly epoch: number; readonly from: ResumePoint } {
    this.#epoch += 1
    this.#nextNumber = 0
    this.#isOpen = false
    if (this.#position === null) return { epoch: this.#epoch, from: { kind: 'fresh' } }
    const position = this.#position
    if (this.isCopied) return { epoch: this.#epoch, from: { kind: 'streaming', position } }
    const tables = [...this.#copy.values()].map((table) => this.#copiedTable(table))
    return { epoch: this.#epoch, from: { kind: 'copying', position, tables } }
  }

  /** @throws Error at whatever the contract does not allow */
  apply(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes)
    if (frame.epoch !== this.#epoch) return
    if (frame.number !== this.#nextNumber) throw new Error(`frame ${frame.number} came in place of ${this.#nextNumber}`)
    if (frame.number > 0 && !isDeepStrictEqual(frame.before, this.#position))
      throw new Error(
        `frame ${frame.number} begins at ${JSON.stringify(frame.before)}, not ${JSON.stringify(this.#position)}`,
      )
    if (frame.number === 0 && frame.items[0]?.kind !== 'epoch') throw new Error('the first item is no epoch')
    this.#nextNumber += 1
    this.frames += 1
    this.#applyItems(frame)
    this.#position = frame.after
  }

  /** Rows of a table in order of their text. */
  rowsOf(name: string): string[] {
    const table = this.tables.get(name)
    if (table === undefined) return []
    const rows = table.keyPlaces.length === 0 ? table.heap : [...table.rows.values()]
    return rows.map((row) => JSON.stringify(row)).sort()
  }

  #copiedTable(table: CopyTable): CopiedTable {
    const chunks = this.#done.get(table.tableId) ?? []
    const next = new Map(chunks.map(({ after, upTo }) => [JSON.stringify(after), upTo]))
    let at: ChunkPiece['after'] | undefined = null
    let isDone = false
    for (let steps = 0; steps <= chunks.length && at !== undefined && !isDone; steps += 1) {
      at = next.get(JSON.stringify(at))
      isDone = at === null
    }
    return {
      tableId: table.tableId,
      schema: table.schema,
      table: table.table,
      isDone,
      chunks,
      rowsDone: 0,
      missing: [],
    }
  }

  #applyItems({ items }: Frame): void {
    for (const item of items) {
      this.items.push(item.kind)
      this.#applyItem(item)
    }
  }

  #applyItem(item: FrameItem): void {
    switch (item.kind) {
      case 'begin':
        if (this.#isOpen) throw new Error('begin inside a transaction')
        this.#isOpen = true
        break
      case 'commit':
        if (!this.#isOpen) throw new Error('commit outside a transaction')
        this.#isOpen = false
        this.transactions += 1
        break
      case 'event':
        if (!this.#isOpen) throw new Error('rows outside a transaction')
        this.#event(item.event)
        break
      case 'ddl':
        if (this.#isOpen) throw new Error('ddl inside a transaction')
        this.#ddl(item.event)
        break
      case 'copy':
        for (const table of item.tables) this.#addCopyTable(table)
        break
      case 'structure':
        if (this.#isOpen) throw new Error('structure inside a transaction')
        this.structures.push(`${item.object.kind} ${item.object.schema}.${item.object.name}`)
        break
      case 'chunk':
        if (this.#isOpen) throw new Error('chunk inside a transaction')
        this.#chunk(item.chunk)
        break
      case 'copied':
        this.isCopied = true
        break
      case 'heartbeat':
        this.heartbeats += 1
        break
      default:
        break
    }
  }

  #addCopyTable(table: CopyTable): void {
    this.#copy.set(table.tableId, table)
    const name = `${table.schema}.${table.table}`
    if (this.tables.has(name)) return
    const keyPlaces = table.keyColumns.map((key) => table.columns.findIndex((column) => column.name === key))
    this.tables.set(name, { keyPlaces, rows: new Map(), heap: [] })
  }

  #chunk(chunk: ChunkPiece): void {
    const copy = this.#copy.get(chunk.tableId)
    const table = this.tables.get(`${copy?.schema}.${copy?.table}`)
    if (copy === undefined || table === undefined) throw new Error(`chunk of the unknown table ${chunk.tableId}`)
    if (copy.keyColumns.length === 0 && chunk.piece === 0) table.heap = []
    const found = new Set<string>()
    for (let row = 0, at = 0; row < chunk.rowCount; row += 1) {
      const read = readTextRow(chunk.rows, at, copy.columns.length)
      at = read.next
      const cells = read.cells.map((cell) => cell?.toString('latin1') ?? null)
      found.add(keyOf(table, cells))
      if (table.keyPlaces.length === 0) table.heap.push(cells)
      else table.rows.set(keyOf(table, cells), cells)
    }
    if (chunk.isReread) {
      for (const key of chunk.keys) {
        const text = JSON.stringify(key.map((part) => Buffer.from(part, 'base64').toString('latin1')))
        if (!found.has(text)) table.rows.delete(text)
      }
    } else if (chunk.isLast) {
      this.chunksDone += 1
      const done = this.#done.get(chunk.tableId) ?? []
      this.#done.set(chunk.tableId, [...done, { after: chunk.after, upTo: chunk.upTo }])
    }
  }

  /** Reads no SQL: knows the few statements that tests run. */
  #ddl(event: Buffer): void {
    const sql = event.toString('utf8').slice(19)
    this.ddl.push(sql)
    const truncated = /TRUNCATE (?:TABLE )?`?(\w+)`?\.`?(\w+)`?/.exec(sql)
    if (truncated !== null) {
      const table = this.tables.get(`${truncated[1]}.${truncated[2]}`)
      table?.rows.clear()
      if (table !== undefined) table.heap = []
    }
    for (const [, from, to] of sql.matchAll(/(?:RENAME TABLE|,) `?(\w+\.\w+)`? TO `?(\w+\.\w+)`?/g)) {
      const table = this.tables.get(from ?? '')
      this.tables.delete(from ?? '')
      if (table !== undefined) this.tables.set(to ?? '', table)
    }
  }

  #event(buffer: Buffer): void {
    const event = rawEvent(buffer)
    if (event.header.type === EventType.TableMap) {
      const map = decodeTableMap(event)
      const name = `${map.schema}.${map.table}`
      const table = this.tables.get(name) ?? { keyPlaces: [0], rows: new Map(), heap: [] }
      this.tables.set(name, table)
      this.#readers.set(map.tableId, { reader: new RowsReader(map), table, name })
      return
    }
    const entry = this.#readers.get(buffer.readUIntLE(event.bodyOffset, 6))
    if (entry === undefined) throw new Error('rows without a table map')
    const { reader, table, name } = entry
    reader.open(event)
    while (reader.next()) {
      const kind = rowsEventKind(event.header.type)
      const before = kind === 'write' ? null : cellsOf(reader, reader.before)
      const after = kind === 'delete' ? null : cellsOf(reader, reader.after)
      this.#change(table, name, before, after)
    }
  }

  #change(table: ReplayedTable, name: string, before: Row | null, after: Row | null): void {
    if (table.keyPlaces.length === 0) this.#changeHeap(table, name, before, after)
    else if (this.isCopied) this.#changeExactly(table, name, before, after)
    else {
      const old = before === null ? undefined : table.rows.get(keyOf(table, before))
      if (before !== null) table.rows.delete(keyOf(table, before))
      if (after === null) return
      // What an image lacks did not change; without the old row only whole images can be written.
      const isWhole = after.every((cell) => cell !== undefined)
      const whole: Row = after.map((cell, place) => (cell === undefined ? (old?.[place] ?? null) : cell))
      if (old !== undefined || isWhole) table.rows.set(keyOf(table, whole), whole)
    }
  }

  #changeExactly(table: ReplayedTable, name: string, before: Row | null, after: Row | null): void {
    const old = before === null ? undefined : table.rows.get(keyOf(table, before))
    if (before !== null) {
      const isSame = before.every((cell, place) => cell === undefined || cell === old?.[place])
      if (!isSame) throw new Error(`${name}: row ${JSON.stringify(before)} is ${JSON.stringify(old)} after the copy`)
      table.rows.delete(keyOf(table, before))
    }
    if (after === null) return
    // What an image lacks did not change.
    const whole: Row = after.map((cell, place) => (cell === undefined ? (old?.[place] ?? null) : cell))
    if (table.rows.has(keyOf(table, whole))) throw new Error(`${name}: row ${JSON.stringify(whole)} is there already`)
    table.rows.set(keyOf(table, whole), whole)
  }

  /** Always exact: a table without a key is never applied twice. */
  #changeHeap(table: ReplayedTable, name: string, before: Row | null, after: Row | null): void {
    if (before !== null) {
      const place = table.heap.findIndex((row) => isDeepStrictEqual(row, before))
      if (place < 0) throw new Error(`${name}: no row ${JSON.stringify(before)}`)
      table.heap.splice(place, 1)
    }
    if (after !== null) table.heap.push(after)
  }
}

function keyOf(table: ReplayedTable, row: Row): string {
  return JSON.stringify(table.keyPlaces.map((place) => row[place]))
}

function cellsOf(reader: RowsReader, image: RowImage): Row {
  return reader.table.columns.map((column, index) => {
    if (!image.isPresent(index)) return undefined as unknown as null
    if (image.isNull(index)) return null
    const value = columnValue(column, false, image.buffer, image.starts[index] ?? 0, image.ends[index] ?? 0)
    return Buffer.isBuffer(value) ? value.toString('latin1') : String(value)
  })
}
