/**
 * The program of one replication task's process. Its orders come over the IPC channel; see task-messages.ts.
 *
 * Easy to get wrong: when the channel closes the agent is gone, and so must this process be, at once: the next agent
 * starts its own, and the checkpoint's owner term keeps what this one still had under way from being committed.
 */
import { systemClock } from '../core/clock.ts'
import { Scope } from '../core/scope.ts'
import { openFrameSink } from '../engine/frame-sink.ts'
import { openFrameSource } from '../engine/frame-source.ts'
import { TaskLink } from '../engine/task-link.ts'
import type { StartMessage, TaskOrder } from '../replication/service/task-messages.ts'
import { runSourceTask } from '../replication/source/source-task.ts'
import { forgetJob } from '../replication/target/forget-job.ts'
import { runTargetTask } from '../replication/target/target-task.ts'
import type { TaskContext, TaskReport } from '../replication/task-context.ts'
import { agentLog, type LogLevel } from './agent-log.ts'
import { connect } from './nats-access.ts'
import type { TaskNats } from './task-nats.ts'

const stopping = new AbortController()
let isForgetting = false

process.on('disconnect', () => process.exit(1))
process.on('message', (order: TaskOrder) => {
  if (order.kind === 'stop') {
    isForgetting = order.forget
    stopping.abort(new Error('the task was told to stop'))
  } else {
    run(order.spec).then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error instanceof Error ? (error.stack ?? error.message) : String(error))
        process.exit(1)
      },
    )
  }
})

async function run(spec: StartMessage['spec']): Promise<void> {
  const nats = spec.nats as TaskNats
  const { job, role, server, ownerTerm } = spec
  const log = agentLog(nats.logLevel as LogLevel, { component: 'task', jobId: job.id, role })
  await using scope = new Scope()
  const connection = scope.use(await connect(nats.access, `task ${job.name} ${role}`, log), (opened) => opened.close())
  const report = (told: TaskReport) => {
    if (process.connected) process.send?.({ kind: 'report', report: told })
  }
  const link = new TaskLink(connection, job.id)
  const context: TaskContext = { job, role, server, ownerTerm, link, clock: systemClock, log, report }
  const stream = { connection, jobId: job.id }
  const { signal } = stopping
  if (role === 'source') {
    const limits = { maxBytes: nats.streamLimitBytes, maxMessages: job.source.bufferedMessages }
    const openSink = () => openFrameSink({ ...stream, ...limits, writerId: `${job.id}/${ownerTerm}` })
    await runSourceTask({ ...context, openSink }, signal)
    return
  }
  if (!isForgetting) await runTargetTask({ ...context, openSource: () => openFrameSource(stream) }, signal)
  if (isForgetting) await forgetJob(context)
}
