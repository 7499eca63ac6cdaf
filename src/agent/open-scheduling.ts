/** Builds scheduling and execution of one node: jobs, firing, history, and the runner. */
import { join } from 'node:path'
import type { Settings } from '../config/options.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Scope } from '../core/scope.ts'
import { ask, nodeSubject, request, serve } from '../engine/calls.ts'
import type { Connection } from '../engine/connection.ts'
import { openDispatcher } from '../engine/dispatch-queue.ts'
import { type ExecutionLog, openExecutionLog } from '../engine/execution-log.ts'
import { openFireCursor } from '../engine/fire-cursor.ts'
import { openFireLog } from '../engine/fire-log.ts'
import { type FireTurns, openFireTurns } from '../engine/fire-turns.ts'
import { openBucket } from '../engine/kv-bucket.ts'
import { openOrderInbox } from '../engine/order-inbox.ts'
import { checkCommand } from '../execution/check-command.ts'
import { NodeExecutor } from '../execution/node-executor.ts'
import { runningWithin } from '../execution/running-within.ts'
import { checkRunAsUser } from '../execution/system-user.ts'
import type { Execution, RunningExecution } from '../model/execution.ts'
import type { ClusterView, LeaderDuty, NodeLoad } from '../model/member.ts'
import { type ScheduledJob, storedJob } from '../model/scheduled-job.ts'
import { ExecutionCounters } from '../schedule/counters.ts'
import { ExecutionTracker } from '../schedule/execution-tracker.ts'
import { FireLoop } from '../schedule/fire-loop.ts'
import { FireTimesTable } from '../schedule/fire-times-table.ts'
import { JobService } from '../schedule/job-service.ts'
import { JobView } from '../schedule/job-view.ts'
import type { SnapshotRecord } from '../schedule/open-snapshot.ts'
import { OverlapGate } from '../schedule/overlap-gate.ts'
import { Placer } from '../schedule/placer.ts'
import type { CountersRecord, ExecutionState } from '../schedule/ports.ts'
import { ExclusiveRuns } from '../schedule/run-now.ts'
import { runAlone, servingRuns } from './exclusive-runs.ts'

export interface Scheduling {
  readonly jobs: JobService
  readonly duties: readonly LeaderDuty[]
  executions(jobName: string): Promise<readonly Execution[]>
  /** What runs of a job anywhere in the cluster, with so much of each one's output at most. */
  running(jobName: string, outputBytes?: number): Promise<readonly RunningExecution[]>
  /** @returns false when it does not run any more */
  stop(jobName: string, id: string): Promise<boolean>
  /** What this node's heartbeats tell: commands that run or wait here, as of a second ago at most. */
  runningHere(): number
  /** As above: this node cannot take orders now. */
  refusesOrders(): boolean
  /** What the page's routes look at besides. */
  readonly view: JobView
  readonly counters: ExecutionCounters
  readonly history: ExecutionLog
  readonly executor: NodeExecutor
  /** Executions that are kept of each job. */
  readonly historyLimit: number
  /** Tells commands that were started on this node. @returns ends it */
  onStarted(listener: (execution: RunningExecution) => void): () => void
  /** Waits for running commands, at most so long. */
  drain(timeoutMs: number): Promise<void>
}

export interface SchedulingParts {
  readonly settings: Settings
  readonly connection: Connection
  readonly cluster: ClusterView
  readonly dataDir: string
  readonly log: Log
  readonly signal: AbortSignal
  /** The cluster's time. */
  readonly clock: Clock
  /** What the nodes' heartbeats tell. */
  loadOf(nodeName: string): NodeLoad
  /** Waits while that is in doubt. @throws NodeNameTakenError when this node's orders are another's now */
  confirmName(): Promise<void>
}

const askNodeMs = 2_000
/** Whoever leads may have sent something just before it heard that this node leaves: that is still taken. */
const leaveSettleMs = 1_000
/** What an answer between nodes has around its content. */
const answerRoomBytes = 4_096

export async function openScheduling(scope: Scope, parts: SchedulingParts): Promise<Scheduling> {
  const { settings, connection, cluster, signal, clock } = parts
  const { nodeName } = cluster.self
  const log = parts.log.child({ component: 'schedule' })
  const historyLimit = settings['history-limit']
  const agentZone = settings.timezone
  const bucket = await openBucket<ScheduledJob>(connection, { name: 'jobs', storage: 'file', decode: storedJob })
  const view = new JobView(bucket)
  const history = await openExecutionLog(connection, { historyLimit, clock })
  const fireLog = await openFireLog(connection)
  const dispatcher = await openDispatcher(connection)
  const counters = new ExecutionCounters({
    ...{ history, jobs: view, clock, log, historyLimit },
    bucket: await openBucket<CountersRecord>(connection, { name: 'counters', storage: 'file' }),
  })
  const turns = await openFireTurns(connection)
  const starts = new Set<(execution: RunningExecution) => void>()
  const onStarted = (execution: RunningExecution) => {
    for (const listener of starts) listener(execution)
  }
  const executor = await openExecutor(scope, { ...parts, history, turns, onStarted })
  const runningHere = followLoad(executor, signal)
  const runningOn = (node: string) => (node === nodeName ? runningHere() : parts.loadOf(node).running)
  const members = () => cluster.members()
  const refusesOrders = (node: string) => parts.loadOf(node).refusesOrders === true
  const placer = new Placer(members, { runningOn, refusesOrders }, clock)
  const nodes = {
    async statesOf(node: string, keys: readonly string[], withinMs: number) {
      return (await ask(connection, nodeSubject(node, 'states'), { keys }, withinMs)) as readonly ExecutionState[]
    },
  }
  const gate = new OverlapGate({
    ...{ open: () => tracker.open, confirm: () => tracker.confirm(), members, nodes, clock },
    turns: {
      withdraw: (jobName, ids, successor) => turns.withdraw(jobName, ids, successor, tracker.term),
    },
  })
  const shared = { fireLog, dispatcher, history, placer, gate, clock, log }
  const snapshots = await openBucket<SnapshotRecord>(connection, { name: 'open-executions', storage: 'file' })
  const tracker: ExecutionTracker = new ExecutionTracker({ ...shared, jobs: view, members, snapshots })
  const onRecorded = tracker.noteRecorded.bind(tracker)
  const cursors = await openFireCursor(connection)
  const times = new FireTimesTable(agentZone)
  const firing = new FireLoop({ ...shared, jobs: view, onRecorded, cursors, agentZone, times, historyLimit })
  const exclusiveRuns = new ExclusiveRuns({ ...shared, onRecorded })
  const jobs = new JobService({
    ...{ ...shared, bucket, view, counters, times },
    checks: { checkCommand, checkRunAsUser, agentZone },
    runAlone: (jobName, group) => runAlone(connection, cluster, { jobName, group }),
  })
  const background = [view.follow(signal), counters.run(signal)]
  scope.defer(() => Promise.allSettled(background))
  await view.ready(signal)
  return {
    ...{ jobs, view, counters, history, executor, historyLimit },
    onStarted(listener) {
      starts.add(listener)
      return () => starts.delete(listener)
    },
    duties: [tracker, firing, counters.keeper(), servingRuns(connection, nodeName, view, exclusiveRuns)],
    runningHere,
    refusesOrders: () => executor.refusesOrders,
    executions: (jobName) => history.list(jobName),
    running: (jobName, outputBytes) => runningAnywhere(connection, cluster, { jobName, outputBytes }),
    stop: async (jobName, id) => {
      const execution = (await runningAnywhere(connection, cluster, { jobName, outputBytes: 0 })).find(
        (one) => one.id === id,
      )
      if (execution === undefined) return false
      return (await request(connection, nodeSubject(execution.nodeName, 'stop'), { jobName, id }, askNodeMs)) === true
    },
    async drain(timeoutMs) {
      const hasOthers = members().some((member) => member.nodeName !== nodeName && member.status === 'alive')
      const settleMs = hasOthers ? Math.min(leaveSettleMs, timeoutMs / 2) : 0
      await clock.sleep(settleMs)
      await executor.drain(timeoutMs - settleMs)
    },
  }
}

async function openExecutor(
  scope: Scope,
  parts: SchedulingParts & {
    readonly history: { append(execution: Execution): Promise<void> }
    readonly turns: FireTurns
    onStarted(execution: RunningExecution): void
  },
): Promise<NodeExecutor> {
  const { settings, connection, cluster, signal } = parts
  const { nodeName } = cluster.self
  const inbox = await openOrderInbox(connection, nodeName)
  const executor = await NodeExecutor.open({
    runnerDir: join(parts.dataDir, 'runner'),
    nodeName,
    inbox: {
      consume: (accept, consuming) =>
        inbox.consume(async (orders) => {
          await parts.confirmName()
          await accept(orders)
        }, consuming),
    },
    sink: parts.history,
    turns: parts.turns,
    clock: parts.clock,
    log: parts.log.child({ component: 'execution' }),
    env: process.env,
    outputLimitBytes: settings['output-limit'],
    onStarted: (execution) => parts.onStarted(execution),
  })
  scope.use(executor, (opened) => opened.shutdown())
  serve(
    connection,
    nodeSubject(nodeName, 'running'),
    async (payload) => {
      const { jobName, outputBytes } = payload as RunningQuestion
      return runningWithin(await executor.running(jobName, outputBytes), connection.maxPayloadBytes - answerRoomBytes)
    },
    signal,
  )
  serve(
    connection,
    nodeSubject(nodeName, 'states'),
    (payload) => executor.statesOf((payload as { keys: readonly string[] }).keys),
    signal,
  )
  serve(
    connection,
    nodeSubject(nodeName, 'stop'),
    (payload) => {
      const { jobName, id } = payload as { jobName: string; id: string }
      return executor.stop(jobName, id)
    },
    signal,
  )
  return executor
}

/** Nodes of an earlier version show as much output as fits. */
interface RunningQuestion {
  readonly jobName: string
  readonly outputBytes?: number | undefined
}

/** A node that does not answer in time has nothing to show. */
async function runningAnywhere(
  connection: Connection,
  cluster: ClusterView,
  question: RunningQuestion,
): Promise<readonly RunningExecution[]> {
  const nodes = cluster.members().filter(({ status }) => status === 'alive' || status === 'leaving')
  const answers = await Promise.allSettled(
    nodes.map(({ nodeName }) => ask(connection, nodeSubject(nodeName, 'running'), question, askNodeMs)),
  )
  return answers
    .flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value as readonly RunningExecution[]) : []))
    .filter((execution) => execution.jobName === question.jobName)
}

const loadEveryMs = 1_000

/** What runs here, asked now and then: placing must not wait for it. */
function followLoad(executor: NodeExecutor, signal: AbortSignal): () => number {
  let running = 0
  const timer = setInterval(() => {
    executor.stats().then(
      (stats) => {
        running = stats.running + stats.queued
      },
      () => {
        // The runner is being started again; the last figure serves.
      },
    )
  }, loadEveryMs)
  timer.unref()
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  return () => running
}
