/** How much of something is copied. */
import type { OpsTable } from '../wire.ts'

/**
 * Between 0 and 1: by rows where they are known, else by bytes.
 *
 * Totals are estimates, so what is not done yet never shows as whole.
 */
export function doneShare(
  table: Pick<OpsTable, 'rows_copied' | 'rows_total' | 'bytes_copied' | 'bytes_total' | 'is_done'>,
): number {
  if (table.is_done) return 1
  if (table.rows_total > 0) return Math.min(0.999, table.rows_copied / table.rows_total)
  return table.bytes_total > 0 ? Math.min(0.999, table.bytes_copied / table.bytes_total) : 0
}
