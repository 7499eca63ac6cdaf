/**
 * Everything is killed at random moments while jobs fire and a writer writes. In the end nothing may be lost, nothing
 * started twice, and every due second accounted for.
 *
 * The seed is printed; the same one repeats a run's choices, though not its timing.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { compareSchemas } from '../../scripts/demo/compare.ts'
import { Random } from '../../scripts/demo/random.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'
import { type ServerKind, startServer } from '../harness/mysql-servers.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { kill, type Stage, type Victim, victims } from './kills.ts'
import { SourceWriter, schema } from './source-writer.ts'

const killCount = 36
const jobNames = ['steady', 'slow', 'noisy'] as const

interface Execution {
  readonly id: string
  readonly scheduled_at: string | null
  readonly finished_at: string | null
  readonly success: boolean
  readonly outcome: string
  readonly reason: string
}

/** @throws when something was lost, repeated, or not accounted for */
export async function surviveKills(kind: ServerKind, seed: number): Promise<void> {
  console.log(`${kind} with seed ${seed}`)
  const random = new Random(seed)
  await using folder = await tempDir()
  await using source = await startServer(kind, { durable: true })
  await using target = await startServer(kind, { durable: true })
  await using agent = await startAgent({ args: ['--history-limit', '5000'] })
  const writer = new SourceWriter(source, seed + 1)
  await writer.prepare(3000)
  writer.start()
  for (const name of jobNames) await createJob(agent, name, commandOf(name, folder.path))
  await createReplication(agent, source, target)

  const killed = await killAtRandom({ agent, source, target }, random)
  await writer.stop()
  console.log(`killed ${JSON.stringify(killed)} while ${writer.transactions} transactions were written`)

  const [left, right] = [await source.connect(), await target.connect()]
  await eventually(async () => {
    const tables = await compareSchemas(left, right, schema)
    expect(tables.length).toBe(4)
    expect(tables.filter((table) => !table.isEqual)).toEqual([])
    return true
  }, 120_000)
  for (const name of jobNames) await checkJob(agent, name, join(folder.path, name))
  left.destroy()
  right.destroy()
}

async function killAtRandom(stage: Stage, random: Random): Promise<Record<Victim, number>> {
  const killed: Record<Victim, number> = { agent: 0, task: 0, runner: 0, nats: 0, source: 0, target: 0 }
  for (let count = 0; count < killCount; ) {
    await sleep(random.between(100, 3000))
    // Each kind has its turn, then chance decides.
    const victim = victims[count] ?? random.pick(victims)
    if (!(await kill(victim, stage, random))) continue
    killed[victim] += 1
    count += 1
  }
  return killed
}

function commandOf(name: (typeof jobNames)[number], folder: string): string {
  const note = `echo "$MILLRACE_EXECUTION" >> ${join(folder, name)}`
  if (name === 'slow') return `${note}; sleep 1.7; echo done`
  return name === 'noisy' ? `${note}; seq 1 2000` : note
}

async function createJob(agent: TestAgent, name: string, command: string): Promise<void> {
  const answer = await agent.dkron('POST', '/v1/jobs', { name, schedule: '* * * * * *', command, shell: true })
  expect(answer.status, answer.text).toBe(201)
}

async function createReplication(agent: TestAgent, source: Stage['source'], target: Stage['target']): Promise<void> {
  const connection = (server: Stage['source']) => ({
    Host: server.host,
    Port: server.port,
    User: server.user,
    Password: server.password,
  })
  const answer = await agent.udup('POST', '/v1/jobs', {
    Name: 'crash',
    Type: 'synchronous',
    Tasks: [
      {
        Type: 'Src',
        Driver: 'MySQL',
        Config: { ReplicateDoDb: [{ TableSchema: schema }], ConnectionConfig: connection(source) },
      },
      { Type: 'Dest', Driver: 'MySQL', Config: { ConnectionConfig: connection(target) } },
    ],
  })
  expect(answer.status, answer.text).toBe(200)
}

async function checkJob(agent: TestAgent, name: string, noteFile: string): Promise<void> {
  const disabled = await agent.dkron('POST', '/v1/jobs', { name, disabled: true })
  expect(disabled.status, disabled.text).toBe(201)
  const executions = await eventually(async () => {
    const all = (await agent.dkron('GET', `/v1/executions/${name}`)).json as readonly Execution[]
    expect(all.filter((one) => one.finished_at === null)).toEqual([])
    return all
  }, 30_000)

  // Every due second from the first to the last has exactly one record.
  const seconds = executions.map((one) => Date.parse(one.scheduled_at ?? '') / 1000).sort((a, b) => a - b)
  const first = seconds[0] ?? Number.NaN
  expect(seconds.length).toBeGreaterThan(30)
  expect(seconds).toEqual(Array.from({ length: seconds.length }, (_, index) => first + index))

  // Whatever did not plainly succeed says why.
  for (const one of executions) {
    expect(['succeeded', 'failed', 'missed', 'unknown'], JSON.stringify(one)).toContain(one.outcome)
    if (one.outcome !== 'succeeded') expect(one.reason, JSON.stringify(one)).not.toBe('')
  }

  // What the commands themselves wrote: no execution started twice, and each that succeeded did run.
  const notes = existsSync(noteFile)
    ? readFileSync(noteFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []
  expect(new Set(notes).size).toBe(notes.length)
  const started = new Set(notes)
  for (const one of executions) {
    if (one.outcome === 'succeeded') expect(started, `${one.id} ran`).toContain(one.id)
    if (one.outcome === 'missed') expect(started, `${one.id} was missed`).not.toContain(one.id)
  }
  const counts = Map.groupBy(executions, (one) => one.outcome)
  console.log(name, Object.fromEntries([...counts].map(([outcome, list]) => [outcome, list.length])))
}
