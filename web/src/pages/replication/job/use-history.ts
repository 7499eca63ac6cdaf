/** The last hour of a job: asked for once and after each break of the events, and kept going by every report between. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useResource } from '../../../live/resource.ts'
import { epochMs } from '../../../ui/moments.ts'
import { type History, historyOf, merged, type Point, type WireHistory, withPoint } from '../figures/history.ts'
import type { OpsJobDetails } from '../wire.ts'

const nothingSeen: History = { stepMs: 5_000, points: [] }

/** @returns the history, or null while nothing is known */
export function useHistory(id: string, details: OpsJobDetails | undefined): History | null {
  const { data } = useResource<WireHistory>(`/ops/replication-jobs/${encodeURIComponent(id)}/history`)
  const remembered = useMemo(() => (data === undefined ? null : historyOf(data)), [data])
  const [seen, setSeen] = useState(nothingSeen)
  const stepMs = useRef(nothingSeen.stepMs)
  stepMs.current = remembered?.stepMs ?? nothingSeen.stepMs
  useEffect(() => {
    const point = details === undefined ? null : pointOf(details)
    if (point !== null) setSeen((before) => withPoint({ ...before, stepMs: stepMs.current }, point))
  }, [details])
  return useMemo(() => (remembered === null ? null : merged(remembered, seen)), [remembered, seen])
}

/** Null while the target has told nothing. */
function pointOf({ tasks, backlog_bytes, lag_ms }: OpsJobDetails): Point | null {
  const { target } = tasks
  const atMs = epochMs(target.at)
  if (atMs === null || !target.is_running) return null
  return {
    atMs,
    lag: lag_ms,
    rows: target.rows_per_second,
    transactions: target.transactions_per_second,
    bytes: target.bytes_per_second,
    backlog: backlog_bytes,
  }
}
