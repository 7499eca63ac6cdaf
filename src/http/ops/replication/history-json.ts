/** The last hour of a job; rows, transactions and bytes are a second. */
import type { FigureSeries } from '../../../replication/service/figure-history.ts'

export function historyJson(series: FigureSeries): object {
  return {
    step_ms: series.stepMs,
    at: series.at.map((at) => new Date(at).toISOString()),
    lag_ms: series.lagMs,
    rows: series.rowsPerSecond,
    transactions: series.transactionsPerSecond,
    bytes: series.bytesPerSecond,
    backlog_bytes: series.backlogBytes,
  }
}
