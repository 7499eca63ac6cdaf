/** The last fires of a scheduled job and the output of their executions, as the agent tells them. */
import type { ApiClient } from './api-client.ts'

export interface RunAnswer {
  readonly id: string
  readonly node_name: string
  readonly attempt: number
  /** `running`, or how it ended. */
  readonly outcome: string
  readonly reason: string
  readonly exit_code: number | null
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly duration_ms: number | null
}

export interface FireAnswer {
  readonly scheduled_at: string | null
  readonly executions: readonly RunAnswer[]
}

/** What was asked for is that a run be seen; earlier fires that were only missed may lie between. */
const lastFires = 20
const withoutOutput = new Set(['missed', 'skipped', 'unplaced'])

/** Newest first. @throws CallFailedError */
export async function readFires(client: ApiClient, name: string): Promise<readonly FireAnswer[]> {
  const path = `/ops/scheduled-jobs/${encodeURIComponent(name)}/fires?limit=${lastFires}`
  return ((await client.call('GET', path)) as { readonly fires: readonly FireAnswer[] }).fires
}

/** What the execution wrote so far. @throws CallFailedError */
export function readOutput(client: ApiClient, name: string, id: string): Promise<string> {
  return client.rawText(outputPath(name, id))
}

export function outputPath(name: string, id: string): string {
  return `/ops/scheduled-jobs/${encodeURIComponent(name)}/executions/${encodeURIComponent(id)}/output`
}

/** False for what never started. */
export function hasOutput({ outcome }: RunAnswer): boolean {
  return !withoutOutput.has(outcome)
}

/** The last fire of which something was started. */
export function latestFire(fires: readonly FireAnswer[]): FireAnswer | undefined {
  return fires.find(({ executions }) => executions.some(hasOutput))
}
