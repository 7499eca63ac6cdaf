/** The demonstration itself: servers, agent, two jobs, what happens, and the comparison. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, ConnectionOptions } from 'mysql2/promise'
import { Scope } from '../../src/core/scope.ts'
import { freePort } from '../../test/harness/free-port.ts'
import { startAgent } from '../../test/harness/millrace-agent.ts'
import { startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import { compareSchemas } from './compare.ts'
import { replicationJob, scheduledJob } from './jobs.ts'
import { loadSampleData, schema } from './sample-data.ts'
import { bar, progress, quietRequest, request, say, step } from './screen.ts'
import { isPortFree } from './usual-ports.ts'
import { Writer } from './writer.ts'

const streamingMs = 12_000

/** @returns true when every comparison held */
export async function runDemo(options: { readonly endsByItself: boolean }): Promise<boolean> {
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  process.once('SIGTERM', () => interrupted.abort())
  await using scope = new Scope()
  try {
    return await show(scope, options.endsByItself, interrupted.signal)
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
    return true
  } finally {
    say('stopping the agent and both servers')
  }
}

async function show(scope: Scope, endsByItself: boolean, signal: AbortSignal): Promise<boolean> {
  step('Two throwaway MariaDB servers and one agent with its embedded NATS')
  const source = await startDemoServer(scope)
  const target = await startDemoServer(scope)
  const agent = scope.use(await startAgent(await usualPorts()), (started) => started[Symbol.asyncDispose]())
  say(
    `   source ${source.host}:${source.port}, target ${target.host}:${target.port}, user ${source.user}, password ${source.password}`,
  )
  say(`   Dkron API ${agent.dkronUrl}/v1, Udup API ${agent.udupUrl}/v1, NATS on port ${agent.natsPort}`)

  step('The sample data: a small shop on the source')
  const connection = await connect(scope, source)
  const rows = await loadSampleData(connection, 42)
  say(`   ${rows.toLocaleString('en')} rows in 5 tables`)

  step('A scheduled job, every 2 seconds')
  await request('POST', `${agent.dkronUrl}/v1/jobs`, scheduledJob)

  step('A replication job: full copy, then every change; meanwhile a writer changes the source')
  const writer = new Writer(await connect(scope, source, { database: schema }))
  writer.start()
  scope.defer(() => writer.stop())
  const job = (await request('POST', `${agent.udupUrl}/v1/jobs`, replicationJob(source, target, schema))) as {
    ID: string
  }
  say(`   watch it yourself: curl -s '${agent.udupUrl}/v1/job/${job.ID}/stats?pretty'`)
  await watchCopy(`${agent.udupUrl}/v1/job/${job.ID}/stats`, signal)
  await watchStream(`${agent.udupUrl}/v1/job/${job.ID}/stats`, writer, signal)

  step('The writer rests; source and target are compared, every row and column')
  await writer.stop()
  const isEqual = await compare(connection, await connect(scope, target), signal)

  step('What the scheduled job did')
  const executions = (await request(
    'GET',
    `${agent.dkronUrl}/v1/executions/${scheduledJob.name}`,
  )) as readonly Execution[]
  for (const one of executions.slice(-6))
    say(`   ${one.started_at}  ${one.success ? 'ok' : 'failed'}  ${one.output.trim()}`)
  const isScheduled = executions.length > 0 && executions.every((one) => one.success || one.finished_at === null)
  say(`   ${executions.length} executions, ${isScheduled ? 'all succeeded' : 'NOT all succeeded'}`)

  say(`\n${isEqual && isScheduled ? 'Everything held.' : 'SOMETHING DID NOT HOLD, see above.'}`)
  if (!endsByItself) await stay(agent, source, target, signal)
  return isEqual && isScheduled
}

interface Execution {
  readonly started_at: string
  readonly finished_at: string | null
  readonly success: boolean
  readonly output: string
}

interface Stats {
  readonly Status: string
  readonly StatusDescription: string
  readonly Tasks: readonly {
    readonly Type: string
    readonly Stage: string
    readonly RowsPerSecond: number
    readonly TransactionsPerSecond: number
    readonly LagMs: number | null
    readonly Strategy: string | null
    readonly Tables: readonly { readonly RowsDone: number; readonly RowsTotal: number }[]
  }[]
}

async function startDemoServer(scope: Scope): Promise<TestServer> {
  return scope.use(await startServer('mariadb-10.11'), (server) => server[Symbol.asyncDispose]())
}

async function connect(scope: Scope, server: TestServer, options: ConnectionOptions = {}): Promise<Connection> {
  return scope.use(await server.connect(options), (connection) => connection.destroy())
}

/** The usual ports where they are free, so that the printed lines look as in the documents. */
async function usualPorts(): Promise<{ dkronPort: number; udupPort: number; natsPort: number }> {
  const pick = async (usual: number) => ((await isPortFree(usual)) ? usual : await freePort())
  return { dkronPort: await pick(8080), udupPort: await pick(8190), natsPort: await pick(8193) }
}

async function watchCopy(url: string, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  for (;;) {
    const stats = (await quietRequest('GET', url)) as Stats
    const target = stats.Tasks.find((task) => task.Type === 'Dest')
    const done = sum(target?.Tables.map((table) => table.RowsDone))
    const total = sum(target?.Tables.map((table) => table.RowsTotal))
    if (target?.Stage === 'incremental') {
      const seconds = (performance.now() - startedAt) / 1000
      return say(
        `   copied ${done.toLocaleString('en')} rows in ${seconds.toFixed(1)} s (${Math.round(done / seconds).toLocaleString('en')} rows/s)`,
      )
    }
    if (stats.Status === 'dead') throw new Error(`the replication job is dead: ${stats.StatusDescription}`)
    progress(
      `copy ${bar(done, total)}  ${Math.round(target?.RowsPerSecond ?? 0).toLocaleString('en')} rows/s  (${stats.StatusDescription})`,
    )
    await sleep(300, undefined, { signal })
  }
}

async function watchStream(url: string, writer: Writer, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + streamingMs
  while (performance.now() < untilMs) {
    const stats = (await quietRequest('GET', url)) as Stats
    const target = stats.Tasks.find((task) => task.Type === 'Dest')
    progress(
      `changes: ${writer.transactions.toLocaleString('en')} transactions written, ` +
        `${Math.round(target?.TransactionsPerSecond ?? 0)} transactions/s and ${Math.round(target?.RowsPerSecond ?? 0)} rows/s applied ` +
        `by ${target?.Strategy ?? '-'}, lag ${target?.LagMs === null ? '-' : `${Math.round(target?.LagMs ?? 0)} ms`}`,
    )
    await sleep(1000, undefined, { signal })
  }
}

/** Tries for a while, for the last changes may still be on their way. */
async function compare(source: Connection, target: Connection, signal: AbortSignal): Promise<boolean> {
  const untilMs = performance.now() + 30_000
  for (;;) {
    const tables = await compareSchemas(source, target, schema)
    const isEqual = tables.every((table) => table.isEqual)
    if (isEqual || performance.now() > untilMs) {
      for (const { table, sourceRows, targetRows, isEqual: same } of tables)
        say(
          `   ${table.padEnd(12)} ${String(sourceRows).padStart(8)} rows, target ${String(targetRows).padStart(8)}  ${same ? 'equal' : 'DIFFERENT'}`,
        )
      return isEqual
    }
    await sleep(500, undefined, { signal })
  }
}

async function stay(
  agent: { readonly dkronUrl: string; readonly udupUrl: string },
  source: TestServer,
  target: TestServer,
  signal: AbortSignal,
): Promise<void> {
  say('\nEverything is left running; Ctrl-C ends it.')
  say(`   Dkron API  ${agent.dkronUrl}/v1/jobs`)
  say(`   Udup API   ${agent.udupUrl}/v1/jobs`)
  say(
    `   source     ${source.host}:${source.port}    target ${target.host}:${target.port}    user ${source.user}, password ${source.password}`,
  )
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

function sum(numbers: readonly number[] | undefined): number {
  return (numbers ?? []).reduce((total, one) => total + one, 0)
}
