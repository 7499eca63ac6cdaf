/** Many jobs stored, few due: creating them, starting again with them, and firing on time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestAgent } from '../../test/harness/millrace-agent.ts'
import type { Figure } from '../figures.ts'
import { deleteJobs, mostlyIdleJobs, namesOf, saveJobs } from './bench-jobs.ts'
import { executionsOf, latenessMs } from './executions.ts'
import { residentMiB } from './process-memory.ts'
import { type StartTimes, timedStart } from './restart-times.ts'

const wantedStartMs = 5_000
const rounds = 3

export async function storedJobs(
  agent: TestAgent,
  scale: { jobs: number; seconds: number },
): Promise<readonly Figure[]> {
  const jobs = mostlyIdleJobs(scale.jobs)
  const created = await saveJobs(agent, jobs)
  const stops: StartTimes[] = []
  const kills: StartTimes[] = []
  for (let round = 0; round < rounds; round += 1) {
    await agent.stop()
    stops.push(await timedStart(agent))
    await agent.kill()
    kills.push(await timedStart(agent))
  }
  const fromMs = Date.now() + 1_000
  await sleep(scale.seconds * 1_000 + 2_000)
  const busy = namesOf(jobs).filter((name) => name.startsWith('busy-'))
  const fired = (await executionsOf(agent, busy)).filter(
    ({ scheduled_at }) => scheduled_at !== null && Date.parse(scheduled_at) >= fromMs,
  )
  const lateness = latenessMs(fired)
  const memory = residentMiB(agent.pid)
  await deleteJobs(agent, namesOf(jobs))
  return [
    { measure: 'jobs created, 16 connections', value: created.perSecond, unit: '1/s' },
    { measure: 'create one job, p50', value: created.latencyMs.at(0.5), unit: 'ms' },
    { measure: 'create one job, p99', value: created.latencyMs.at(0.99), unit: 'ms' },
    ...startFigures('stopped', stops),
    ...startFigures('killed', kills),
    { measure: '10 due a second: lateness p50', value: lateness.at(0.5), unit: 'ms' },
    { measure: '10 due a second: lateness p99', value: lateness.at(0.99), unit: 'ms' },
    { measure: '10 due a second: lateness max', value: lateness.max, unit: 'ms' },
    { measure: 'memory of the agent', value: memory.now, unit: 'MiB' },
    { measure: 'memory of the agent, most', value: memory.peak, unit: 'MiB' },
  ]
}

function startFigures(how: string, starts: readonly StartTimes[]): readonly Figure[] {
  const figure = (what: string, times: readonly number[]): Figure => {
    const sorted = times.toSorted((a, b) => a - b)
    const value = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
    const spread = [sorted[0] ?? Number.NaN, sorted.at(-1) ?? Number.NaN] as const
    const comparedWith = 'the 5 s it may take'
    return {
      measure: `start after it was ${how}, until it ${what}`,
      value,
      unit: 'ms',
      spread,
      comparedWith,
      ratio: wantedStartMs / value,
    }
  }
  return [
    figure(
      'answers',
      starts.map(({ answersMs }) => answersMs),
    ),
    figure(
      'leads',
      starts.map(({ leadsMs }) => leadsMs),
    ),
  ]
}
