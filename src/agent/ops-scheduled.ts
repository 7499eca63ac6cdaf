/** Joins what the routes about scheduled jobs, and the events, are fed from. */
import { systemClock } from '../core/clock.ts'
import type { Scope } from '../core/scope.ts'
import { watchCluster } from '../http/ops/events/cluster-watch.ts'
import { EventHub } from '../http/ops/events/event-hub.ts'
import { executionItem, runningItem } from '../http/ops/events/execution-item.ts'
import type { OpsDomain } from '../http/ops/ports.ts'
import type { ScheduledDomain } from '../http/ops/scheduled/ports.ts'
import { RecentRuns } from '../http/ops/scheduled/recent-runs.ts'
import { RunningWatch } from '../http/ops/scheduled/running-watch.ts'
import type { ClusterView, NodeLoad } from '../model/member.ts'
import { slugOf } from '../model/scheduled-job.ts'
import type { ReplicationService } from '../replication/service/replication-service.ts'
import { JobIndex } from '../schedule/job-index.ts'
import { queryJobs, usedTags } from '../schedule/job-query.ts'
import { briefOf, type NodeLooks } from './node-looks.ts'
import type { Scheduling } from './open-scheduling.ts'

export interface LookParts {
  readonly scheduling: Scheduling
  readonly looks: NodeLooks
  readonly cluster: ClusterView
  /** What the nodes' heartbeats tell. */
  loadOf(nodeName: string): NodeLoad | null
  readonly agentZone: string
}

export interface Looks {
  readonly scheduled: ScheduledDomain
  readonly hub: EventHub
}

const mostTags = 500

/** The scope ends what is begun here. */
export function openLooks(
  scope: Scope,
  parts: LookParts & { readonly ops: OpsDomain; readonly replication: Pick<ReplicationService, 'onChange'> },
): Looks {
  const { scheduling, cluster, agentZone } = parts
  const { view, counters, jobs } = scheduling
  const hub = new EventHub({ nodeName: cluster.self.nodeName, version: cluster.self.version, clock: systemClock })
  const running = runningWatch(parts, hub)
  const index = new JobIndex({ view, counters, agentZone })
  const ending = new AbortController()
  const isWanted = () => hub.hasReaders
  const work = [
    running.run(ending.signal),
    watchCluster({ domain: parts.ops, clock: systemClock, isWanted, onChange: () => hub.noteCluster() }, ending.signal),
  ]
  const timer = setInterval(() => {
    if (hub.hasReaders) void running.look()
  }, 1_000).unref()
  const recent = new RecentRuns({ executions: (name) => jobs.executions(name), clock: systemClock })
  const ends = [
    ...feedHub(parts, hub, running),
    ...feedRecent(parts, recent),
    parts.replication.onChange((jobId) => hub.noteReplication(jobId)),
  ]
  scope.defer(async () => {
    clearInterval(timer)
    for (const end of ends) end()
    ending.abort(new Error('the agent ends'))
    hub.close()
    await Promise.allSettled(work)
  })
  const queryParts = { index, counters, runningOf: (name: string) => running.countOf(name), now: () => Date.now() }
  return {
    hub,
    scheduled: {
      async list(query) {
        await running.look()
        return queryJobs(query, queryParts)
      },
      tags: () => usedTags(index, mostTags),
      async nameOf(job) {
        return (await jobs.get(job)).job.name
      },
      recent: (names) => recent.of(names.filter((name) => view.peek(name) !== null)),
      executions: (name) => jobs.executions(name),
      running: (name) => scheduling.running(name, 0),
      async read(nodeName, question) {
        // Nobody of that name is waited for.
        const isMember = cluster.members().some((one) => one.nodeName === nodeName && one.status !== 'left')
        return isMember ? parts.looks.output(nodeName, question) : { kind: 'none' }
      },
      async recorded(name, id) {
        return (await jobs.executions(name)).find((one) => one.id === id) ?? null
      },
      clock: systemClock,
      previewContext: () => ({
        nowMs: Date.now(),
        agentZone,
        createdAt: (name) => view.peek(slugOf(name))?.value.createdAt ?? null,
      }),
    },
  }
}

function runningWatch({ cluster, looks, loadOf, scheduling }: LookParts, hub: EventHub): RunningWatch {
  const { nodeName } = cluster.self
  const isPresent = new Set(['alive', 'leaving'])
  return new RunningWatch({
    nodeNames: () => cluster.members().flatMap((one) => (isPresent.has(one.status) ? [one.nodeName] : [])),
    loadOf: (name) => (name === nodeName ? scheduling.runningHere() : (loadOf(name)?.running ?? null)),
    ask: (name) => looks.running(name),
    clock: systemClock,
    onStarted(execution) {
      hub.noteJob(execution.jobName)
      hub.noteExecution(runningItem(execution))
    },
    onGone: ({ jobName }) => hub.noteJob(jobName),
  })
}

function feedHub({ scheduling }: LookParts, hub: EventHub, running: RunningWatch): readonly (() => void)[] {
  const { view, counters } = scheduling
  return [
    view.subscribe((change) => hub.noteJob(change.kind === 'put' ? change.job.name : change.name)),
    counters.subscribe((change) => {
      if (change.kind === 'adopted') return hub.noteManyJobs()
      const { execution } = change
      running.noteEnded(execution)
      hub.noteJob(execution.jobName)
      hub.noteExecution(executionItem(execution))
    }),
    scheduling.onStarted((execution) => running.noteStarted(briefOf(execution))),
  ]
}

function feedRecent({ scheduling }: LookParts, recent: RecentRuns): readonly (() => void)[] {
  return [
    scheduling.counters.subscribe((change) => {
      if (change.kind === 'counted') recent.note(change.execution)
    }),
    scheduling.view.subscribe((change) => {
      if (change.kind === 'delete') recent.forget(change.name)
    }),
  ]
}
