/** Row changes as SQL: works with every privilege, every vendor and every engine. */
import type { Session } from '../../mysql/session.ts'
import type { ApplyStrategy } from './apply-strategy.ts'
import { TargetTriggerError } from './errors.ts'
import { ExactRows } from './exact-rows.ts'
import { type IdempotentParts, IdempotentRows } from './idempotent-rows.ts'
import { valuesForm } from './joined-updates.ts'
import type { RowsChange, SourceTable } from './row-changes.ts'
import { RowLiterals } from './row-literals.ts'
import { StatementBatch } from './statement-batch.ts'
import type { TableCatalog, TargetTable } from './table-catalog.ts'

const packetBytes = 256 * 1024

export interface SqlStrategyOptions {
  readonly session: Session
  readonly catalog: TableCatalog
  /** `idempotent`: see idempotent-rows.ts. Tables without transactions are always written so. */
  readonly mode: 'exact' | 'idempotent'
  /** See IdempotentParts. */
  readonly noteDoubt: IdempotentParts['noteDoubt']
  readonly missing: IdempotentParts['missing']
  /** The longest statement the target takes. */
  readonly maxPacketBytes: number
}

interface Writers {
  readonly batch: StatementBatch
  readonly exact: ExactRows
  readonly idempotent: IdempotentRows
}

export class SqlStrategy implements ApplyStrategy {
  readonly name = 'sql'
  readonly mode: ApplyStrategy['mode']
  readonly #options: SqlStrategyOptions
  readonly #limitBytes: number
  /** Of the write before: they have memory for statements. */
  #writers: Writers | null = null
  #literals = new WeakMap<SourceTable, { target: TargetTable; literals: RowLiterals }>()

  constructor(options: SqlStrategyOptions) {
    this.#options = options
    this.mode = options.mode
    this.#limitBytes = Math.min(packetBytes, options.maxPacketBytes >> 1)
  }

  /** Nothing to prepare. */
  async prepare(): Promise<void> {}

  async write(changes: readonly RowsChange[], isolates: boolean): Promise<void> {
    const { session, catalog, mode } = this.#options
    const writers = isolates ? this.#makeWriters(1) : (this.#writers ?? this.#makeWriters(this.#limitBytes))
    // What fails leaves them in the middle of something.
    this.#writers = null
    const { batch, exact, idempotent } = writers
    for (const change of changes) {
      const { schema, table } = change.table.name
      const target = await catalog.get(schema, table)
      refuseTriggers(target, session.where)
      const rows = mode === 'exact' && target.isTransactional ? exact : idempotent
      await rows.add(change, this.#literalsOf(change.table, target))
    }
    await exact.end()
    await batch.settle()
    await batch.checkForeignKeys(false)
    if (!isolates) this.#writers = writers
  }

  #makeWriters(limitBytes: number): Writers {
    const { session, catalog, noteDoubt, missing, maxPacketBytes } = this.#options
    const batch = new StatementBatch(session, limitBytes, maxPacketBytes)
    const exact = new ExactRows(batch, limitBytes, valuesForm(session.version))
    return { batch, exact, idempotent: new IdempotentRows({ batch, exact, catalog, noteDoubt, missing }) }
  }

  #literalsOf(source: SourceTable, target: TargetTable): RowLiterals {
    const known = this.#literals.get(source)
    if (known?.target === target) return known.literals
    const literals = new RowLiterals(source, target)
    this.#literals.set(source, { target, literals })
    return literals
  }
}

/** @throws TargetTriggerError if SQL on the table would fire triggers */
export function refuseTriggers(table: TargetTable, where: string): void {
  if (table.triggers.length === 0) return
  throw new TargetTriggerError(
    `table ${table.quoted} on the target ${where} has triggers (${table.triggers.join(', ')}), which SQL would fire for changes that the source's triggers already made; ` +
      'drop them until the target takes over, or grant the user what row images need (BINLOG_ADMIN, on MariaDB BINLOG REPLAY)',
  )
}
