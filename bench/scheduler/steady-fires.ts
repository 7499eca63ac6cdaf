/** A steady rate of fires of the shortest command there is, and the highest rate that a node holds. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startAgent, type TestAgent } from '../../test/harness/millrace-agent.ts'
import type { Distribution } from '../distribution.ts'
import type { Figure } from '../figures.ts'
import { peakMiB, whenSettled } from '../process-cost.ts'
import { type BenchJob, saveJobs } from './bench-jobs.ts'
import { executionsOf, latenessMs, outcomesOf, type SeenExecution, untilQuiet } from './executions.ts'

const settleMs = 5_000
const drainWithinMs = 300_000
const wantedP99Ms = 1_000
const wantedMiB = 250
/** A twentieth too much for 20 s makes fires a second late: larger steps are told apart. */
const rateStep = 100
/** More than any machine starts. */
const highestTried = 5_000

interface SteadyRun {
  readonly rate: number
  readonly lateness: Distribution
  /** The most that the agent had resident. */
  readonly agentMiB: number
}

/** @throws Error when a fire is missing, or was made twice, or its command did not succeed */
export async function steadyFires({ rate, seconds }: { rate: number; seconds: number }): Promise<readonly Figure[]> {
  const { lateness, agentMiB } = await fireAt(rate, seconds)
  const what = `${rate} fires a second for ${seconds} s`
  return [
    { measure: `${what}: lateness p50`, value: lateness.at(0.5), unit: 'ms' },
    {
      ...{ measure: `${what}: lateness p99`, value: lateness.at(0.99), unit: 'ms' },
      targets: [{ of: 'value', atMost: wantedP99Ms }],
    },
    { measure: `${what}: lateness max`, value: lateness.max, unit: 'ms' },
    {
      ...{ measure: `${what}: memory of the agent, most`, value: agentMiB, unit: 'MiB' },
      targets: [{ of: 'value', atMost: wantedMiB }],
    },
  ]
}

/**
 * Raises the rate until fires are late, or lowers it until they are not.
 * @throws as `steadyFires`: late is no excuse for a fire that is missing
 */
export async function highestRate(scale: { fromRate: number; seconds: number }): Promise<readonly Figure[]> {
  let held: SteadyRun | null = null
  let step = rateStep
  for (let rate = scale.fromRate; rate > 0 && rate <= highestTried; rate += step) {
    const run = await fireAt(rate, scale.seconds)
    console.log(`${rate} fires a second: lateness p99 ${run.lateness.at(0.99)} ms`)
    const isHeld = run.lateness.at(0.99) <= wantedP99Ms
    if (isHeld) held = run
    else if (held === null) step = -rateStep
    if (isHeld !== step > 0) break
  }
  const value = held?.rate ?? 0
  return [
    { measure: `highest rate that holds ${scale.seconds} s (lateness p99 under 1 s)`, value, unit: '1/s' },
    ...(held === null
      ? []
      : [{ measure: `${value} fires a second: lateness p99`, value: held.lateness.at(0.99), unit: 'ms' }]),
  ]
}

async function fireAt(rate: number, seconds: number): Promise<SteadyRun> {
  // Each job fires every second, and every execution is looked at afterwards.
  const historyLimit = String(seconds + 60)
  await using agent = await startAgent({ args: ['--history-limit', historyLimit] })
  const names = Array.from({ length: rate }, (_none, index) => `steady-${index}`)
  await saveJobs(agent, names.map(everySecond))
  await saveJobs(
    agent,
    names.map((name) => ({ name, disabled: false })),
  )
  await sleep(settleMs)
  await whenSettled(agent.pid)
  const fromMs = (Math.floor(Date.now() / 1_000) + 1) * 1_000
  const untilMs = fromMs + seconds * 1_000
  await sleep(untilMs - Date.now())
  const agentMiB = peakMiB(agent.pid)
  await saveJobs(
    agent,
    names.map((name) => ({ name, disabled: true })),
  )
  await untilQuiet(agent, drainWithinMs)
  return { rate, agentMiB, lateness: await checkedLateness(agent, names, { fromMs, untilMs }) }
}

function everySecond(name: string): BenchJob {
  // All begin at once, when all are there.
  return { name, schedule: '* * * * * *', command: 'true', late_limit: '20m', disabled: true }
}

async function checkedLateness(
  agent: TestAgent,
  names: readonly string[],
  { fromMs, untilMs }: { fromMs: number; untilMs: number },
): Promise<Distribution> {
  const fired = (await executionsOf(agent, names)).filter((one) => isWithin(one, fromMs, untilMs))
  const fires = new Set(fired.map(({ job_name, scheduled_at }) => `${job_name} ${scheduled_at}`))
  const due = (names.length * (untilMs - fromMs)) / 1_000
  if (fires.size !== due || fired.length !== fires.size || outcomesOf(fired) !== `${fires.size} succeeded`)
    throw new Error(`${due} fires were due, ${fires.size} are recorded, in ${outcomesOf(fired)}`)
  return latenessMs(fired)
}

/** From `fromMs` to before `untilMs`. */
function isWithin({ scheduled_at }: SeenExecution, fromMs: number, untilMs: number): boolean {
  const atMs = Date.parse(scheduled_at ?? '')
  return atMs >= fromMs && atMs < untilMs
}
