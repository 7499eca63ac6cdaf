/** A steady rate of fires of the shortest command there is. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestAgent } from '../../test/harness/millrace-agent.ts'
import type { Figure } from '../figures.ts'
import { deleteJobs, saveJobs } from './bench-jobs.ts'
import { executionsOf, latenessMs, outcomesOf, type SeenExecution, untilQuiet } from './executions.ts'
import { residentMiB } from './process-memory.ts'

const settleMs = 3_000
const drainWithinMs = 300_000

export async function steadyFires(
  agent: TestAgent,
  scale: { rates: readonly number[]; seconds: number },
): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const rate of scale.rates) figures.push(...(await fireAt(agent, rate, scale.seconds)))
  return figures
}

async function fireAt(agent: TestAgent, rate: number, seconds: number): Promise<readonly Figure[]> {
  const names = Array.from({ length: rate }, (_none, index) => `steady-${rate}-${index}`)
  await saveJobs(
    agent,
    names.map((name) => ({ name, schedule: '* * * * * *', command: 'true', late_limit: '20m' })),
  )
  await sleep(settleMs)
  const fromMs = (Math.floor(Date.now() / 1_000) + 1) * 1_000
  const untilMs = fromMs + seconds * 1_000
  await sleep(untilMs - Date.now())
  await saveJobs(
    agent,
    names.map((name) => ({ name, disabled: true })),
  )
  await untilQuiet(agent, drainWithinMs)
  const fired = (await executionsOf(agent, names)).filter((one) => isWithin(one, fromMs, untilMs))
  const memory = residentMiB(agent.pid)
  await deleteJobs(agent, names)
  const fires = new Set(fired.map(({ job_name, scheduled_at }) => `${job_name} ${scheduled_at}`))
  if (fires.size !== rate * seconds || fired.length !== fires.size || outcomesOf(fired) !== `${fires.size} succeeded`)
    throw new Error(`${rate * seconds} fires were due, ${fires.size} are recorded, in ${outcomesOf(fired)}`)
  const lateness = latenessMs(fired)
  return [
    { measure: `${rate} fires a second: lateness p50`, value: lateness.at(0.5), unit: 'ms' },
    { measure: `${rate} fires a second: lateness p99`, value: lateness.at(0.99), unit: 'ms' },
    { measure: `${rate} fires a second: lateness max`, value: lateness.max, unit: 'ms' },
    { measure: `${rate} fires a second: memory of the agent`, value: memory.now, unit: 'MiB' },
  ]
}

/** From `fromMs` to before `untilMs`. */
function isWithin({ scheduled_at }: SeenExecution, fromMs: number, untilMs: number): boolean {
  const atMs = Date.parse(scheduled_at ?? '')
  return atMs >= fromMs && atMs < untilMs
}
