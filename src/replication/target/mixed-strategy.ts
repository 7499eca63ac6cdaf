/**
 * The strategies of one session side by side: exact or idempotent SQL, and row images where the target takes them.
 *
 * Easy to get wrong: a table whose engine knows no transactions is never given row images: after a crash some of its
 * rows hold what the checkpoint does not know of, and a row image would then fail.
 */
import type { RawEvent } from '../../binlog/raw-event.ts'
import type { Log } from '../../core/log.ts'
import { MissingPrivilegeError, SqlError } from '../../mysql/errors.ts'
import type { Session } from '../../mysql/session.ts'
import type { ApplyStrategy, StrategyName } from './apply-strategy.ts'
import type { RowsChange } from './row-changes.ts'
import { RowImageStrategy } from './row-image-strategy.ts'
import { SqlStrategy, type SqlStrategyOptions } from './sql-strategy.ts'
import type { TableCatalog } from './table-catalog.ts'

export interface MixedParts {
  readonly session: Session
  readonly catalog: TableCatalog
  readonly maxPacketBytes: number
  /** See IdempotentParts. */
  readonly noteDoubt: SqlStrategyOptions['noteDoubt']
  readonly missing: SqlStrategyOptions['missing']
  readonly wanted: StrategyName
  /** Null: the source has told none; row images can't be used. */
  readonly format: RawEvent | null
  readonly log: Log
  readonly onChoice: (name: StrategyName) => void
}

export class MixedStrategy {
  /** While the copy runs. */
  readonly idempotent: ApplyStrategy
  /** For a target that is a state of the source. */
  readonly exact: ApplyStrategy
  readonly #parts: MixedParts
  readonly #sql: SqlStrategy
  /** Null: SQL serves in their place. Undefined: not tried yet. */
  #images: RowImageStrategy | null | undefined

  constructor(parts: MixedParts) {
    const { session, catalog, maxPacketBytes, noteDoubt, missing } = parts
    this.#parts = parts
    // A table without transactions may cascade nothing: it has no foreign keys.
    const always = { session, catalog, maxPacketBytes, missing }
    this.#sql = new SqlStrategy({ ...always, mode: 'exact', noteDoubt: () => null })
    this.idempotent = new SqlStrategy({ ...always, mode: 'idempotent', noteDoubt })
    this.exact = {
      name: parts.wanted,
      mode: 'exact',
      prepare: () => this.#prepare(),
      write: (changes, isolates) => this.#write(changes, isolates),
    }
  }

  async #prepare(): Promise<void> {
    if (this.#images === undefined) this.#images = await this.#openImages()
  }

  async #write(changes: readonly RowsChange[], isolates: boolean): Promise<void> {
    const images = this.#images ?? null
    if (images === null) return this.#sql.write(changes, isolates)
    let run: RowsChange[] = []
    let isSql = false
    for (const change of changes) {
      const needsSql = !(await this.#isTransactional(change))
      if (needsSql !== isSql && run.length > 0) {
        await (isSql ? this.#sql : images).write(run, isolates)
        run = []
      }
      isSql = needsSql
      run.push(change)
    }
    if (run.length > 0) await (isSql ? this.#sql : images).write(run, isolates)
  }

  async #isTransactional(change: RowsChange): Promise<boolean> {
    const { schema, table } = change.table.name
    return (await this.#parts.catalog.get(schema, table)).isTransactional
  }

  /** Null: the server does not take row images after all, and SQL serves. */
  async #openImages(): Promise<RowImageStrategy | null> {
    const { session, maxPacketBytes, wanted, format, log, onChoice } = this.#parts
    if (wanted === 'sql' || format === null) {
      onChoice('sql')
      return null
    }
    const images = new RowImageStrategy(session, maxPacketBytes)
    try {
      await images.describeFormat(format)
    } catch (error) {
      if (!(error instanceof SqlError || error instanceof MissingPrivilegeError)) throw error
      log.warn({ err: error.message }, 'the target takes no row images; SQL is used')
      onChoice('sql')
      return null
    }
    onChoice('row-images')
    return images
  }
}
