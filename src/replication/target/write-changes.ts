/** Writes changes into the transaction that is open on a session: rows by the strategy, savepoints as they are. */
import type { Session } from '../../mysql/session.ts'
import type { ApplyStrategy } from './apply-strategy.ts'
import type { Change, RowsChange } from './row-changes.ts'

/** @throws what the strategy throws */
export async function writeChanges(
  session: Session,
  strategy: ApplyStrategy,
  changes: readonly Change[],
  isolates: boolean,
): Promise<void> {
  let run: RowsChange[] = []
  for (const change of changes) {
    if (change.kind === 'rows') {
      run.push(change)
      continue
    }
    if (run.length > 0) await strategy.write(run, isolates)
    run = []
    await session.execute(change.query.sql)
  }
  if (run.length > 0) await strategy.write(run, isolates)
}
