/** A command that prints a lot: what it costs in memory, and whether the end of it is kept as it was. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../test/harness/eventually.ts'
import { startAgent, type TestAgent } from '../../test/harness/millrace-agent.ts'
import type { Figure } from '../figures.ts'
import { forgetPeak, peakMiB, residentMiB, whenSettled } from '../process-cost.ts'
import { executionsOf, type SeenExecution } from './executions.ts'

const keptBytes = 256_000
/** Each line is a number of seven digits and a line end. */
const lineBytes = 8
const firstNumber = 1_000_000
const numbers = 9_000_000
const wantedMoreMiB = 50
const withinMs = 600_000

/** @throws Error when the last 256,000 bytes are not those that were printed last */
export async function largeOutput({ bytes }: { bytes: number }): Promise<readonly Figure[]> {
  await using agent = await startAgent()
  const name = 'large-output'
  const lines = Math.ceil(bytes / lineBytes)
  await run(agent, { name, command: printing(2_000), shell: true })
  await whenSettled(agent.pid)
  const pids = [agent.pid, runnerPid(agent.dataDir)]
  const before = pids.map((pid) => residentMiB(pid))
  for (const pid of pids) forgetPeak(pid)
  const execution = await run(agent, { name, command: printing(lines), shell: true })
  const more = pids.map((pid, index) => peakMiB(pid) - (before[index] ?? 0))
  if (execution.output !== lastPrinted(lines)) throw new Error('what was kept is not the end of what was printed')
  const seconds = (Date.parse(execution.finished_at ?? '') - Date.parse(execution.started_at)) / 1_000
  const value = more.reduce((sum, one) => sum + one, 0)
  return [
    {
      ...{ measure: 'memory of agent and runner, more than before', value, unit: 'MiB' },
      targets: [{ of: 'value', atMost: wantedMoreMiB }],
    },
    { measure: 'printed and read', value: (lines * lineBytes) / seconds / 1e6, unit: 'MB/s' },
  ]
}

/** Numbers of seven digits, one a line, again from the first after the last. */
function printing(lines: number): string {
  const whole = Math.floor(lines / numbers)
  const rounds = Array.from({ length: whole }, () => `seq ${firstNumber} ${firstNumber + numbers - 1}`)
  const rest = lines % numbers
  return [...rounds, ...(rest > 0 ? [`seq ${firstNumber} ${firstNumber + rest - 1}`] : [])].join('; ')
}

function lastPrinted(lines: number): string {
  const kept = Math.min(lines, keptBytes / lineBytes)
  return Array.from({ length: kept }, (_none, index) => `${firstNumber + ((lines - kept + index) % numbers)}\n`).join(
    '',
  )
}

/** The process that is the parent of an agent's commands. */
function runnerPid(dataDir: string): number {
  const { pid } = JSON.parse(readFileSync(join(dataDir, 'runner/runner.pid'), 'utf8')) as { pid: number }
  return pid
}

/** Saves the job, runs it now and waits for its end. */
async function run(agent: TestAgent, job: { readonly name: string } & Readonly<Record<string, unknown>>) {
  const saved = await agent.dkron('POST', '/v1/jobs', { ...job, schedule: '@manually' })
  if (saved.status !== 201) throw new Error(`the job was not saved: ${saved.text}`)
  const before = (await endedOf(agent, job.name)).length
  await agent.dkron('POST', `/v1/jobs/${job.name}`)
  const execution = await eventually(async () => (await endedOf(agent, job.name))[before], withinMs)
  if (execution.outcome !== 'succeeded') throw new Error(`the command ${execution.outcome}: ${execution.output}`)
  return execution
}

async function endedOf(agent: TestAgent, name: string): Promise<readonly SeenExecution[]> {
  return (await executionsOf(agent, [name])).filter(({ finished_at }) => finished_at !== null)
}
