/** What `/ops/events` tells, as it is on the wire. */

export interface ExecutionEventItem {
  readonly job: string
  readonly id: string
  readonly node_name: string
  readonly group: string
  readonly attempt: number
  /** `running`, or how it ended. */
  readonly outcome: string
  readonly scheduled_at: string | null
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly duration_ms: number | null
}

export interface EventData {
  hello: { readonly node_name: string; readonly version: string; readonly at: string }
  cluster: Readonly<Record<string, never>>
  'scheduled-jobs': { readonly names: readonly string[]; readonly more: boolean }
  executions: { readonly items: readonly ExecutionEventItem[]; readonly more: boolean }
  'replication-jobs': { readonly ids: readonly string[] }
}

export type EventKind = keyof EventData

export type LiveEvent = { [Kind in EventKind]: { readonly kind: Kind; readonly data: EventData[Kind] } }[EventKind]
