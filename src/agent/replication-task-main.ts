/**
 * The program of one replication task's process. Its orders come over the IPC channel; see task-messages.ts.
 *
 * Easy to get wrong: when the channel closes the agent is gone, and so must this process be, at once: the next agent
 * starts its own, and the checkpoint's owner term keeps what this one still had under way from being committed.
 *
 * A task is waited for while it starts, often on a machine that just got the work of another one: so each process loads
 * only its own half, and leaves what was compiled to the next one.
 */
import { backoffMs } from '../core/backoff.ts'
import { systemClock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { Scope } from '../core/scope.ts'
import type { Connection } from '../engine/connection.ts'
import { returnToOwnServer } from '../engine/own-server.ts'
import { TaskLink } from '../engine/task-link.ts'
import { leaveUselessServers } from '../engine/useless-server.ts'
import { type StartMessage, type TaskOrder, takenOverStatus } from '../replication/service/task-messages.ts'
import { emptyReport, problemOf } from '../replication/service/task-problem.ts'
import type { TaskContext, TaskProblem, TaskReport } from '../replication/task-context.ts'
import { agentLog, type LogLevel } from './agent-log.ts'
import { keepCompiled } from './compile-cache.ts'
import { connect } from './nats-access.ts'
import type { TaskNats } from './task-nats.ts'

const natsBackoff = { firstMs: 500, maxMs: 5_000 }
const stopping = new AbortController()
let nats: TaskNats
let opened: Connection | null = null
let isForgetting = false
let isTakenOver = false
/** What a task tells when another one of its kind has its job. */
const fencingCodes = new Set(['REPL_STALE_OWNER', 'REPL_STALE_SOURCE'])

process.on('disconnect', () => process.exit(1))
process.on('message', (order: TaskOrder) => {
  if (order.kind === 'stop') {
    isForgetting = order.forget
    stopping.abort(new Error('the task was told to stop'))
  } else if (order.kind === 'nats') {
    takeNats(order.nats as TaskNats)
  } else {
    nats = order.spec.nats as TaskNats
    run(order.spec).then(
      () => process.exit(isTakenOver ? takenOverStatus : 0),
      (error: unknown) => {
        console.error(error instanceof Error ? (error.stack ?? error.message) : String(error))
        process.exit(1)
      },
    )
  }
})

async function run(spec: StartMessage['spec']): Promise<void> {
  const { job, role, server, ownerTerm } = spec
  const log = taskLog(spec)
  await using scope = new Scope()
  const report = (told: TaskReport) => {
    if (told.problem !== null && fencingCodes.has(told.problem.code)) endAsTakenOver(log, told.problem)
    else if (process.connected) process.send?.({ kind: 'report', report: told })
  }
  const half = role === 'source' ? ({ role, parts: loadSource() } as const) : ({ role, parts: loadTarget() } as const)
  const [connection] = await Promise.all([connectAndTell(spec, report), half.parts])
  if (connection === null) return
  opened = connection
  // They may have changed while it connected.
  tellServers(spec.nats as TaskNats)
  scope.defer(() => connection.close())
  void leaveUselessServers(connection, stopping.signal)
  void returnToOwnServer(connection, () => nats.access, stopping.signal)
  const link = new TaskLink(connection, job.id)
  const context: TaskContext = { job, role, server, ownerTerm, link, clock: systemClock, log, report }
  const stream = { connection, jobId: job.id }
  const { signal } = stopping
  if (half.role === 'source') {
    const { openFrameSink, runSourceTask } = await half.parts
    const limits = { maxBytes: nats.streamLimitBytes, maxMessages: job.source.bufferedMessages }
    const openSink = () => openFrameSink({ ...stream, ...limits, writerId: `${job.id}/${ownerTerm}` })
    await runSourceTask({ ...context, openSink }, signal)
    return
  }
  const { forgetJob, openFrameSource, runTargetTask } = await half.parts
  if (!isForgetting) await runTargetTask({ ...context, openSource: () => openFrameSource(stream) }, signal)
  if (isForgetting) await forgetJob(context)
}

function takeNats(told: TaskNats): void {
  const before = nats
  nats = told
  tellServers(before)
}

/** A server tells of its neighbours by itself, but not always before it dies. */
function tellServers(before: TaskNats): void {
  const { servers } = nats.access
  // A connection that is given servers forgets those that it was told of by others.
  if (servers.join() !== before.access.servers.join()) opened?.setServers(servers)
}

async function loadSource() {
  const [sink, task] = await Promise.all([
    import('../engine/frame-sink.ts'),
    import('../replication/source/source-task.ts'),
  ])
  keepCompiled()
  return { ...sink, ...task }
}

async function loadTarget() {
  const [source, task, forget] = await Promise.all([
    import('../engine/frame-source.ts'),
    import('../replication/target/target-task.ts'),
    import('../replication/target/forget-job.ts'),
  ])
  keepCompiled()
  return { ...source, ...task, ...forget }
}

/** Nobody needs to tell this process: its agent may be cut off, or stopped, while another node has the task. */
function endAsTakenOver(log: Log, { message }: TaskProblem): void {
  if (!isTakenOver) log.warn({ reason: message }, 'the task belongs to another process now, this one ends')
  isTakenOver = true
  stopping.abort(new Error(message))
}

function taskLog({ job, role }: StartMessage['spec']): Log {
  return agentLog(nats.logLevel as LogLevel, { component: 'task', jobId: job.id, role })
}

/** The user's own NATS may be away, or the address wrong: that is to be seen in the job. @returns null when stopped */
async function connectAndTell(
  spec: StartMessage['spec'],
  report: (told: TaskReport) => void,
): Promise<Connection | null> {
  const { job, role } = spec
  const { signal } = stopping
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      return await connect(nats.access, `task ${job.name} ${role}`, taskLog(spec), { connectWithinMs: 5_000, signal })
    } catch (error) {
      if (signal.aborted) break
      const problem = problemOf(error, systemClock)
      const cure =
        job[role].natsAddress === null ? '' : '; start a NATS server with JetStream there, or correct NatsAddr'
      const told = problem === null ? null : { ...problem, message: `${problem.message}${cure}` }
      report(emptyReport(role, 'waits for NATS', told))
      await systemClock.sleep(backoffMs(natsBackoff, attempt, Math.random), signal).catch(() => {})
    }
  }
  return null
}
