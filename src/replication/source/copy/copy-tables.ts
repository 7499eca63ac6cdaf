/**
 * The tables of a copy by name, and what DDL in the stream does to them.
 *
 * Easy to get wrong: a table keeps what was copied of it under its new name when it is renamed; online schema change
 * tools end with exactly that.
 */
import type { TableDefinition, TableSummary } from '../../../mysql/table-definition.ts'
import type { Statement } from '../../ddl/statement.ts'
import type { NamedObject } from '../../ddl/token-reader.ts'
import type { CopiedTable } from '../../handshake.ts'
import type { KeyTuple } from '../../pipe/frame.ts'
import type { SourceStructure } from './structure-reader.ts'
import { TableCopy } from './table-copy.ts'

export class CopyTables {
  readonly #byName = new Map<string, TableCopy>()
  #nextId: number
  /** The list changed: the target must be told. Chunks of tables that were told of can go on. */
  isChanged = true

  constructor(tables: readonly TableCopy[]) {
    for (const table of tables) this.#byName.set(keyOf(table.name), table)
    this.#nextId = Math.max(0, ...tables.map((table) => table.tableId)) + 1
  }

  /** All tables of the structure, nothing copied yet. */
  static fresh(structure: SourceStructure): CopyTables {
    const definitions = new Map(structure.definitions.map((definition) => [keyOf(definition), definition]))
    const tables: TableCopy[] = []
    for (const { summary } of structure.tables) {
      const definition = definitions.get(keyOf(summary))
      if (definition === undefined) continue
      const table = new TableCopy({ ...summary, estimatedBytes: summary.dataBytes, tableId: tables.length + 1 })
      table.define(definition)
      tables.push(table)
    }
    return new CopyTables(tables)
  }

  /**
   * What the target says is done; of each table what leads from its start without a gap, for only the server could tell
   * in which order the other chunks lie. Definitions are those of now, and still to be checked: the stream may stand
   * before statements that made them so.
   */
  static resumed(
    copied: readonly CopiedTable[],
    tables: readonly TableSummary[],
    definitions: readonly TableDefinition[],
  ): CopyTables {
    const summaries = new Map(tables.map((summary) => [keyOf(summary), summary]))
    const newest = new Map<string, CopiedTable>()
    for (const table of copied.toSorted((a, b) => a.tableId - b.tableId))
      newest.set(keyOf({ schema: table.schema, name: table.table }), table)
    const copies = [...newest.values()].map((done) => {
      const name = { schema: done.schema, name: done.table }
      const summary = summaries.get(keyOf(name))
      const table = new TableCopy({
        ...name,
        tableId: done.tableId,
        engine: summary?.engine ?? '',
        estimatedRows: summary?.estimatedRows ?? 0,
        estimatedBytes: summary?.dataBytes ?? 0,
        averageRowBytes: summary?.averageRowBytes ?? 0,
      })
      table.isWholeDone = done.isDone
      table.gaps = done.isDone ? [] : [{ after: endOfBeginning(done), upTo: null }]
      table.rowsDone = done.rowsDone
      table.missing = done.missing
      return table
    })
    const result = new CopyTables(copies)
    result.#nextId = Math.max(0, ...copied.map((table) => table.tableId)) + 1
    for (const definition of definitions) result.#takeUnchecked(definition)
    return result
  }

  #takeUnchecked(definition: TableDefinition): void {
    const table = this.#find(definition)
    if (table === undefined) return
    if (!table.define(definition)) this.restart(table)
    table.state = { kind: 'stale' }
  }

  get all(): readonly TableCopy[] {
    return [...this.#byName.values()]
  }

  get(schema: string, name: string): TableCopy | undefined {
    return this.#byName.get(keyOf({ schema, name }))
  }

  remove(table: TableCopy): void {
    this.#byName.delete(keyOf(table.name))
    this.isChanged = true
  }

  /** The table must be copied from its start again. */
  restart(table: TableCopy): void {
    table.restart(this.#nextId)
    this.#nextId += 1
    this.changed(table)
  }

  /** The target knows the table otherwise than it is now. */
  changed(table: TableCopy): void {
    table.isTold = false
    this.isChanged = true
  }

  /**
   * A statement that is passed on now.
   *
   * @returns tables that must be told of anew and emptied before the statement runs, for it moves rows without row
   * events, copied ones with those that are not
   */
  onDdl(statement: Statement): readonly TableCopy[] {
    if (statement.kind === 'alter-table' && statement.exchangeWith !== null)
      return this.#exchanged(statement.table, statement.exchangeWith)
    this.#follow(statement)
    return []
  }

  #follow(statement: Statement): void {
    switch (statement.kind) {
      case 'alter-table':
        this.#touch(statement.table)
        if (statement.renameTo !== null) this.#rename(statement.table, statement.renameTo)
        break
      case 'rename-table':
        for (const { from, to } of statement.pairs) this.#rename(from, to)
        break
      case 'drop-table':
        for (const table of statement.tables) this.#drop(table)
        break
      // Made anew: its rows come by the stream.
      case 'create-table':
        if (statement.ifNotExistsAt !== null || this.#find(statement.table) === undefined) break
        this.#touch(statement.table)
        break
      case 'truncate':
      case 'create-index':
      case 'drop-index':
        this.#touch(statement.table)
        break
      case 'drop-schema':
        for (const table of this.all) if (table.name.schema === statement.schema) this.remove(table)
        break
      default:
        break
    }
  }

  #find({ schema, name }: NamedObject): TableCopy | undefined {
    return this.get(schema, name)
  }

  #touch(name: NamedObject): void {
    this.#find(name)?.touch()
  }

  #drop(name: NamedObject): void {
    const table = this.#find(name)
    if (table !== undefined) this.remove(table)
  }

  #exchanged(...names: readonly NamedObject[]): readonly TableCopy[] {
    const tables = names.map((name) => this.#find(name)).filter((table) => table !== undefined)
    for (const table of tables) this.restart(table)
    return tables
  }

  #rename(from: NamedObject, to: NamedObject): void {
    const table = this.#find(from)
    this.#byName.delete(keyOf(from))
    this.#byName.delete(keyOf(to))
    this.isChanged = true
    if (table === undefined) return
    table.name = { schema: to.schema, name: to.name }
    table.touch()
    this.changed(table)
    this.#byName.set(keyOf(to), table)
  }
}

function keyOf({ schema, name }: NamedObject): string {
  return `${schema}\0${name}`
}

function endOfBeginning({ chunks }: CopiedTable): KeyTuple | null {
  const next = new Map(chunks.map(({ after, upTo }) => [JSON.stringify(after), upTo]))
  let at: KeyTuple | null = null
  for (let steps = 0; steps < chunks.length; steps += 1) {
    const upTo = next.get(JSON.stringify(at))
    if (upTo === undefined || upTo === null) break
    at = upTo
  }
  return at
}
