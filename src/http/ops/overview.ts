/** The state of the cluster, gathered by the node that was asked. */
import type { Execution } from '../../model/execution.ts'
import type { Member, Term } from '../../model/member.ts'
import type { ReplicationJob } from '../../model/replication-job.ts'
import type { JobStatus } from '../../replication/service/job-status.ts'
import type { JobDetails } from '../../schedule/job-service.ts'
import { failureOf, suspicionOf } from './job-attention.ts'
import { type Part, readPart } from './part.ts'
import type { NatsState, NodeReport, OpsDomain } from './ports.ts'
import type { StatusSince } from './status-since.ts'

export interface MemberState extends NodeReport {
  readonly member: Member
  /** Epoch ms; null when this node does not know. */
  readonly sinceAt: number | null
}

export interface FailingJob {
  readonly details: JobDetails
  /** What went wrong last; null when there was no time to look. */
  readonly execution: Execution | null
}

export interface ScheduledState {
  readonly total: number
  /** At most `mostShown`; `failing` counts all. */
  readonly attention: readonly FailingJob[]
  readonly failing: number
}

export interface ReplicationState {
  readonly total: number
  readonly attention: readonly { readonly job: ReplicationJob; readonly status: JobStatus }[]
}

export interface Overview {
  readonly at: number
  readonly askedNode: string
  readonly leader: { readonly term: Term; readonly sinceAt: number | null } | null
  readonly members: readonly MemberState[]
  readonly isNatsEmbedded: boolean
  readonly nats: Part<NatsState>
  readonly scheduled: Part<ScheduledState>
  readonly replication: Part<ReplicationState>
}

const partWithinMs = 2_000
const mostShown = 20
/** For looking at histories, one after another: a history may have megabytes of output. */
const lookForMs = 1_000

/** Takes little more than 2 s, whatever hangs. */
export async function readOverview(domain: OpsDomain, since: StatusSince): Promise<Overview> {
  const { clock, cluster } = domain
  const [nats, scheduled, replication] = await Promise.all([
    readPart(() => domain.readNats(), partWithinMs, clock),
    readPart(() => readScheduled(domain), partWithinMs, clock),
    readPart(() => readReplication(domain.replication), partWithinMs, clock),
  ])
  const [members, term] = [cluster.members(), domain.term()]
  since.note(members, term, clock.now())
  return {
    at: clock.now(),
    askedNode: cluster.self.nodeName,
    leader: term === null ? null : { term, sinceAt: since.ofTerm(term) },
    members: members.map((member) => ({
      member,
      sinceAt: since.ofMember(member),
      ...domain.report(member.nodeName),
    })),
    isNatsEmbedded: domain.isNatsEmbedded,
    nats,
    scheduled,
    replication,
  }
}

async function readScheduled({ jobs, clock }: OpsDomain): Promise<ScheduledState> {
  const { total, jobs: all } = await jobs.list((details) => suspicionOf(details) !== 'none')
  const lookUntilMs = clock.monotonicMs() + lookForMs
  const hasTime = () => clock.monotonicMs() < lookUntilMs
  const look = async ({ job }: JobDetails) => failureOf(await jobs.executions(job.name))
  const suspects = (suspicion: 'failed' | 'may') =>
    all
      .filter((details) => suspicionOf(details) === suspicion)
      .sort((a, b) => (b.counters.lastErrorAt ?? 0) - (a.counters.lastErrorAt ?? 0))
  const attention: FailingJob[] = []
  const failed = suspects('failed')
  for (const details of failed.slice(0, mostShown)) {
    const canLook = hasTime()
    const execution = canLook ? await look(details) : null
    if (execution !== null || !canLook) attention.push({ details, execution })
  }
  const unseen = Math.max(0, failed.length - mostShown)
  for (const details of suspects('may')) {
    if (attention.length >= mostShown || !hasTime()) break
    const execution = await look(details)
    if (execution !== null) attention.push({ details, execution })
  }
  return { total, attention, failing: attention.length + unseen }
}

async function readReplication(replication: OpsDomain['replication']): Promise<ReplicationState> {
  const all = await replication.list()
  const rank = { dead: 0, pending: 1, running: 2, pause: 2, complete: 2 }
  return {
    total: all.length,
    attention: all
      .filter(({ status }) => rank[status.status] < 2)
      .sort((a, b) => rank[a.status.status] - rank[b.status.status]),
  }
}
