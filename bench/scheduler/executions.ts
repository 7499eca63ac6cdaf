/** Reads executions through the API, and what they tell of lateness. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestAgent } from '../../test/harness/millrace-agent.ts'
import { Distribution } from '../distribution.ts'

export interface SeenExecution {
  readonly id: string
  readonly job_name: string
  readonly started_at: string
  readonly scheduled_at: string | null
  readonly finished_at: string | null
  readonly outcome: string
  readonly output: string
}

const atOnce = 16

/** All executions of many jobs. @throws Error when an answer is not 200 */
export async function executionsOf(agent: TestAgent, jobNames: readonly string[]): Promise<readonly SeenExecution[]> {
  const found: SeenExecution[] = []
  const left = [...jobNames]
  const readOn = async () => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const answer = await agent.dkron('GET', `/v1/executions/${name}`)
      if (answer.status !== 200) throw new Error(`executions of ${name}: ${answer.status} ${answer.text}`)
      found.push(...(answer.json as readonly SeenExecution[]))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, readOn))
  return found
}

/** Waits until no more executions end. One request a second: asking must not be the load. @throws Error */
export async function untilQuiet(agent: TestAgent, withinMs: number): Promise<void> {
  const endAt = performance.now() + withinMs
  let before = -1
  for (let quietSeconds = 0; quietSeconds < 3; ) {
    const counted = await countedExecutions(agent)
    quietSeconds = counted === before ? quietSeconds + 1 : 0
    before = counted
    if (performance.now() > endAt) throw new Error(`executions still end after ${withinMs} ms, ${counted} did`)
    await sleep(1_000)
  }
}

async function countedExecutions(agent: TestAgent): Promise<number> {
  const jobs = (await agent.dkron('GET', '/v1/jobs')).json as readonly { success_count: number; error_count: number }[]
  return jobs.reduce((sum, { success_count, error_count }) => sum + success_count + error_count, 0)
}

/** Milliseconds from the scheduled instant to the start of each command that was started. */
export function latenessMs(executions: readonly SeenExecution[]): Distribution {
  const started = executions.filter(({ outcome }) => outcome === 'succeeded' || outcome === 'failed')
  return new Distribution(
    started.flatMap(({ started_at, scheduled_at }) =>
      scheduled_at === null ? [] : Date.parse(started_at) - Date.parse(scheduled_at),
    ),
  )
}

/** How many executions there are of each outcome, as text. */
export function outcomesOf(executions: readonly SeenExecution[]): string {
  const counts = Map.groupBy(executions, ({ outcome }) => outcome)
  return [...counts].map(([outcome, some]) => `${some.length} ${outcome}`).join(', ')
}
