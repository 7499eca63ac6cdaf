/** Many jobs stored, few due: creating them, starting again with them, and firing on time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startAgent } from '../../test/harness/millrace-agent.ts'
import type { Figure } from '../figures.ts'
import { peakMiB } from '../process-cost.ts'
import { mostlyIdleJobs, namesOf, saveJobs } from './bench-jobs.ts'
import { executionsOf, latenessMs, outcomesOf } from './executions.ts'
import { type StartTimes, timedStart } from './restart-times.ts'

const wantedStartMs = 10_000
const wantedP99Ms = 20
const wantedMiB = 300
const startWithinMs = 120_000
/** After a start, what the machine still does with it. */
const settleMs = 5_000

export interface StoredScale {
  readonly jobs: number
  readonly seconds: number
  readonly rounds: number
}

/** @throws Error when one of those that were due did not run */
export async function storedJobs({ jobs: count, seconds, rounds }: StoredScale): Promise<readonly Figure[]> {
  await using agent = await startAgent({ startWithinMs })
  const jobs = mostlyIdleJobs(count)
  const created = await saveJobs(agent, jobs)
  const createdMiB = peakMiB(agent.pid)
  const stops: StartTimes[] = []
  const kills: StartTimes[] = []
  for (let round = 0; round < rounds; round += 1) {
    await agent.stop()
    stops.push(await timedStart(agent))
    await agent.kill()
    kills.push(await timedStart(agent))
  }
  await sleep(settleMs)
  const fromMs = (Math.floor(Date.now() / 1_000) + 1) * 1_000
  const untilMs = fromMs + seconds * 1_000
  await sleep(untilMs - Date.now() + 2_000)
  const busy = namesOf(jobs).filter((name) => name.startsWith('busy-'))
  const fired = (await executionsOf(agent, busy)).filter(({ scheduled_at }) => {
    const atMs = Date.parse(scheduled_at ?? '')
    return atMs >= fromMs && atMs < untilMs
  })
  const due = dueWithin(busy.length, seconds)
  if (due !== null && (fired.length !== due || outcomesOf(fired) !== `${due} succeeded`))
    throw new Error(`${due} fires were due, ${fired.length} are recorded, in ${outcomesOf(fired)}`)
  const lateness = latenessMs(fired)
  const startedMiB = peakMiB(agent.pid)
  return [
    { measure: `${count} jobs created, 16 connections`, value: created.perSecond, unit: '1/s' },
    { measure: 'create one job, p50', value: created.latencyMs.at(0.5), unit: 'ms' },
    { measure: 'create one job, p99', value: created.latencyMs.at(0.99), unit: 'ms' },
    ...startFigures('stopped', stops),
    ...startFigures('killed', kills),
    { measure: '10 due a second: lateness p50', value: lateness.at(0.5), unit: 'ms' },
    {
      ...{ measure: '10 due a second: lateness p99', value: lateness.at(0.99), unit: 'ms' },
      targets: [{ of: 'value', atMost: wantedP99Ms }],
    },
    { measure: '10 due a second: lateness max', value: lateness.max, unit: 'ms' },
    {
      ...{ measure: 'memory of the agent that created them, most', value: createdMiB, unit: 'MiB' },
      targets: [{ of: 'value', atMost: wantedMiB }],
    },
    {
      ...{ measure: 'memory of the agent that found them, most', value: startedMiB, unit: 'MiB' },
      targets: [{ of: 'value', atMost: wantedMiB }],
    },
  ]
}

/** Each busy job fires once a minute, evenly spread; null when the time is no whole number of minutes. */
function dueWithin(busyJobs: number, seconds: number): number | null {
  return seconds % 60 === 0 ? (busyJobs * seconds) / 60 : null
}

function startFigures(how: string, starts: readonly StartTimes[]): readonly Figure[] {
  const figure = (what: string, times: readonly number[]): Figure => {
    const sorted = times.toSorted((a, b) => a - b)
    const value = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
    const spread = [sorted[0] ?? Number.NaN, sorted.at(-1) ?? Number.NaN] as const
    const measure = `start after it was ${how}, until it ${what}`
    return { measure, value, unit: 'ms', spread, targets: [{ of: 'value', atMost: wantedStartMs }] }
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
