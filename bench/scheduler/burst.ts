/** Many jobs due in one and the same second: each starts once, in an orderly queue, and the API goes on answering. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../test/harness/eventually.ts'
import { startAgent, type TestAgent } from '../../test/harness/millrace-agent.ts'
import { tempDir } from '../../test/harness/temp-dir.ts'
import type { Figure } from '../figures.ts'
import { peakMiB } from '../process-cost.ts'
import { namesOf, reading, saveJobs } from './bench-jobs.ts'
import { executionsOf, latenessMs, outcomesOf, type SeenExecution, untilQuiet } from './executions.ts'
import { httpLoad } from './http-load.ts'

const createsPerSecond = 200
const drainWithinMs = 600_000

export async function burst(scale: { jobs: number }): Promise<readonly Figure[]> {
  await using agent = await startAgent()
  await using folder = await tempDir()
  const marks = join(folder.path, 'marks')
  const dueAt = Math.ceil(Date.now() / 1_000) * 1_000 + 5_000 + Math.ceil(scale.jobs / createsPerSecond) * 1_000
  const jobs = Array.from({ length: scale.jobs }, (_none, index) => ({
    name: `burst-${index}`,
    schedule: `@at ${new Date(dueAt).toISOString()}`,
    command: `echo burst-${index} >> ${marks}`,
    shell: true,
    late_limit: '20m',
  }))
  await saveJobs(agent, jobs)
  if (Date.now() > dueAt) throw new Error('creating the jobs took longer than until they were due')
  await until(dueAt)
  const isOver = new AbortController()
  const watching = whileRunning(agent, namesOf(jobs)[0] ?? '', isOver.signal)
  const drained = eventually(() => linesOf(marks).length >= scale.jobs, drainWithinMs, 'every command has run')
  await drained.finally(() => isOver.abort())
  const drainedMs = Date.now() - dueAt
  const latency = await watching
  await untilQuiet(agent, drainWithinMs)
  const executions = await executionsOf(agent, namesOf(jobs))
  assertOnceEach(linesOf(marks), executions, scale.jobs)
  const lateness = latenessMs(executions)
  return [
    {
      measure: `${scale.jobs} due at once: commands started and ended`,
      value: scale.jobs / (drainedMs / 1_000),
      unit: '1/s',
    },
    { measure: `${scale.jobs} due at once: lateness p1`, value: lateness.at(0.01), unit: 'ms' },
    { measure: `${scale.jobs} due at once: lateness p50`, value: lateness.at(0.5), unit: 'ms' },
    { measure: `${scale.jobs} due at once: lateness max`, value: lateness.max, unit: 'ms' },
    { measure: 'GET of a job meanwhile, p50', value: latency.at(0.5), unit: 'ms' },
    { measure: 'GET of a job meanwhile, p99', value: latency.at(0.99), unit: 'ms' },
    { measure: 'GET of a job meanwhile, max', value: latency.max, unit: 'ms' },
    { measure: 'memory of the agent after it, most', value: peakMiB(agent.pid), unit: 'MiB' },
  ]
}

/** One connection that asks every few milliseconds, as long as the burst lasts. */
async function whileRunning(agent: TestAgent, jobName: string, signal: AbortSignal) {
  const request = reading(jobName)
  const next = () => (signal.aborted ? null : request)
  const { latencyMs } = await httpLoad({ port: agent.dkronPort, connections: 1, wantedStatus: 200, pauseMs: 5, next })
  return latencyMs
}

/** @throws Error when a command did not run, or ran twice, or its execution says something else */
function assertOnceEach(lines: readonly string[], executions: readonly SeenExecution[], count: number) {
  if (lines.length !== count || new Set(lines).size !== count)
    throw new Error(`${count} commands were due, ${lines.length} ran, ${new Set(lines).size} different ones`)
  const names = new Set(executions.map(({ job_name }) => job_name))
  const isExact = executions.length === count && names.size === count
  if (!isExact || executions.some(({ outcome }) => outcome !== 'succeeded'))
    throw new Error(`of ${count} executions there are ${outcomesOf(executions)}`)
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}

async function until(atMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - Date.now())))
}
