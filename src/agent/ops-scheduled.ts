/** Joins what the routes about scheduled jobs, the timeline and the events are fed from. */
import { systemClock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Scope } from '../core/scope.ts'
import { watchCluster } from '../http/ops/events/cluster-watch.ts'
import { EventHub } from '../http/ops/events/event-hub.ts'
import { executionItem, runningItem } from '../http/ops/events/execution-item.ts'
import type { OpsDomain } from '../http/ops/ports.ts'
import { KnownHistories } from '../http/ops/scheduled/known-histories.ts'
import type { ScheduledDomain } from '../http/ops/scheduled/ports.ts'
import { RecentRuns } from '../http/ops/scheduled/recent-runs.ts'
import { RunningWatch } from '../http/ops/scheduled/running-watch.ts'
import { ExecutionTail } from '../http/ops/timeline/execution-tail.ts'
import { Past, type PastSource } from '../http/ops/timeline/read-past.ts'
import type { TimelineDomain } from '../http/ops/timeline/routes.ts'
import type { ClusterView } from '../model/member.ts'
import { slugOf } from '../model/scheduled-job.ts'
import type { ReplicationService } from '../replication/service/replication-service.ts'
import { countDue } from '../schedule/due-counts.ts'
import type { JobIndex } from '../schedule/job-index.ts'
import { jobsThat, queryJobs, usedTags } from '../schedule/job-query.ts'
import { briefOf, type NodeLooks } from './node-looks.ts'
import type { Scheduling } from './open-scheduling.ts'

export interface LookParts {
  readonly scheduling: Scheduling
  readonly looks: NodeLooks
  readonly replication: Pick<ReplicationService, 'onChange'>
  readonly cluster: ClusterView
  readonly ops: Pick<OpsDomain, 'cluster' | 'term' | 'readNats'>
  readonly agentZone: string
  readonly log: Log
}

export interface Looks {
  readonly scheduled: ScheduledDomain
  readonly timeline: TimelineDomain
  readonly hub: EventHub
}

interface Views {
  readonly hub: EventHub
  readonly index: JobIndex
  readonly running: RunningWatch
  readonly recent: RecentRuns
  readonly histories: KnownHistories
  readonly tail: ExecutionTail
  readonly past: Past
}

const mostTags = 500
const lookEveryMs = 1_000

/** The scope ends what is begun here. */
export function openLooks(scope: Scope, parts: LookParts, index: JobIndex): Looks {
  const { scheduling, cluster } = parts
  const hub = new EventHub({ nodeName: cluster.self.nodeName, version: cluster.self.version, clock: systemClock })
  const tail = new ExecutionTail()
  const views: Views = {
    ...{ hub, index, tail },
    running: runningWatch(parts, hub),
    recent: new RecentRuns({ executions: (name) => scheduling.jobs.executions(name), clock: systemClock }),
    histories: new KnownHistories({
      read: (name) => scheduling.jobs.executions(name),
      newest: (name) => scheduling.history.newest(name),
      historyLimit: scheduling.historyLimit,
      clock: systemClock,
    }),
    past: new Past({ source: pastSource(scheduling), tail, clock: systemClock, log: parts.log }),
  }
  follow(scope, parts, views)
  return { hub, scheduled: scheduledDomain(parts, views), timeline: timelineDomain(views) }
}

/** The jobs as they are known here, without asking the store. */
export function knownJobs({ jobs, counters }: Scheduling, index: JobIndex): OpsDomain['jobs'] {
  return {
    list: (isWanted) => jobsThat(isWanted, { index, counters, now: () => Date.now() }),
    executions: (name) => jobs.executions(name),
  }
}

function follow(scope: Scope, parts: LookParts, views: Views): void {
  const { hub, running, past } = views
  const ending = new AbortController()
  const { signal } = ending
  const isWanted = () => hub.hasReaders
  const cluster = { domain: parts.ops, clock: systemClock, isWanted, onChange: () => hub.noteCluster() }
  const work = [running.run(signal), past.run(signal), watchCluster(cluster, signal)]
  const ends = feed(parts, views)
  const timer = setInterval(() => {
    if (hub.hasReaders) void running.look()
  }, lookEveryMs).unref()
  scope.defer(async () => {
    clearInterval(timer)
    for (const end of ends) end()
    ending.abort(new Error('the agent ends'))
    hub.close()
    await Promise.allSettled(work)
  })
}

/** @returns what ends it */
function feed(
  { scheduling, replication }: LookParts,
  { hub, running, recent, histories }: Views,
): readonly (() => void)[] {
  const { view, counters } = scheduling
  return [
    view.subscribe((change) => {
      if (change.kind === 'delete') {
        recent.forget(change.name)
        histories.forget(change.name)
      }
      hub.noteJob(change.kind === 'put' ? change.job.name : change.name)
    }),
    counters.subscribe((change) => {
      if (change.kind === 'adopted') return hub.noteManyJobs()
      const { execution } = change
      running.noteEnded(execution)
      recent.note(execution)
      histories.note(execution)
      if (!hub.hasReaders) return
      hub.noteJob(execution.jobName)
      hub.noteExecution(executionItem(execution))
    }),
    scheduling.onStarted((execution) => running.noteStarted(briefOf(execution))),
    replication.onChange((jobId) => hub.noteReplication(jobId)),
  ]
}

function runningWatch({ cluster, looks }: LookParts, hub: EventHub): RunningWatch {
  const isPresent = new Set(['alive', 'leaving'])
  return new RunningWatch({
    nodeNames: () => cluster.members().flatMap((one) => (isPresent.has(one.status) ? [one.nodeName] : [])),
    ask: (name) => looks.running(name),
    clock: systemClock,
    onStarted(execution) {
      hub.noteJob(execution.jobName)
      hub.noteExecution(runningItem(execution))
    },
    onGone: ({ jobName }) => hub.noteJob(jobName),
  })
}

function pastSource({ history, counters }: Scheduling): PastSource {
  return {
    lastSequence: () => history.lastSequence(),
    openSince: (sinceMs, through, most, signal) => history.openSince(sinceMs, through, most, signal),
    follow: (listener) =>
      counters.subscribe((change) => {
        if (change.kind === 'counted') listener(change.execution, change.sequence)
      }),
  }
}

function scheduledDomain(parts: LookParts, { index, running, recent, histories }: Views): ScheduledDomain {
  const { cluster, looks, agentZone } = parts
  const { jobs, view, counters, running: runningOf } = parts.scheduling
  const countOf = (name: string) => running.countOf(name)
  return {
    async list(query) {
      await running.look()
      return queryJobs(query, { index, counters, runningOf: countOf, now: () => Date.now() })
    },
    tags: () => usedTags(index, mostTags),
    async nameOf(job) {
      return (await jobs.get(job)).job.name
    },
    recent: (names) => recent.of(names.filter((name) => view.peek(name) !== null)),
    pastRuns: (name) => histories.of(name),
    running: (name) => runningOf(name, 0),
    async read(nodeName, question) {
      // Nobody of that name is waited for.
      const isMember = cluster.members().some((one) => one.nodeName === nodeName && one.status !== 'left')
      return isMember ? looks.output(nodeName, question) : { kind: 'none' }
    },
    async recorded(name, id) {
      // With all outputs only when it is there.
      if (!(await histories.of(name)).some((run) => run.id === id)) return null
      return (await jobs.executions(name)).find((run) => run.id === id) ?? null
    },
    clock: systemClock,
    previewContext: () => ({
      nowMs: Date.now(),
      agentZone,
      createdAt: (name) => view.peek(slugOf(name))?.value.createdAt ?? null,
    }),
  }
}

function timelineDomain({ index, running, tail, past }: Views): TimelineDomain {
  return {
    tail,
    knownFromMs: () => past.knownFromMs,
    async running() {
      await running.look()
      return running.list()
    },
    countDue: async (question) => countDue(await index.schedules(), question),
    clock: systemClock,
  }
}
