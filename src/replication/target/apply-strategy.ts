/**
 * How changes are written into an open transaction at the target.
 *
 * `row-images` hands the source's own events to the server; `sql` builds statements from them. Both write exactly: a row
 * that is not there is an error. Only `sql` also knows a way of writing that does not mind.
 */
import type { RowsChange } from './row-changes.ts'

export type StrategyName = 'row-images' | 'sql'

export interface ApplyStrategy {
  readonly name: StrategyName
  /** `idempotent`: see idempotent-rows.ts; it wants every change as it came, none merged. */
  readonly mode: 'exact' | 'idempotent'
  /** What has to be done outside a transaction, before its BEGIN. Safe to repeat. */
  prepare(): Promise<void>
  /**
   * Writes changes of rows in their order, all of them when it resolves.
   *
   * @param isolates each change goes alone, so that an error names its row
   */
  write(changes: readonly RowsChange[], isolates: boolean): Promise<void>
}
