/**
 * The status of a job: a pure rule over its definition, where its tasks are, and what they told last.
 *
 * Easy to get wrong: nothing is `running` because it was started. Both tasks must have told within the last seconds that
 * they are at work, and something must have moved while there was something to move.
 */
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { ReplicationJob, ReplicationStatus, TaskRole } from '../../model/replication-job.ts'
import type { TaskProblem } from '../task-context.ts'
import { type Assignment, isSameDefinition, taskRoles } from './assignment.ts'
import type { TaskReportRecord } from './task-report-record.ts'

export interface TaskFacts {
  readonly assignment: Assignment | null
  /** The newest record, of whatever definition. */
  readonly record: TaskReportRecord | null
  /** For how long nothing new was heard of the record, by the asking node's clock. */
  readonly silentMs: number
}

export interface StatusFacts {
  readonly job: ReplicationJob
  readonly tasks: Readonly<Record<TaskRole, TaskFacts>>
}

export interface JobStatus {
  readonly status: ReplicationStatus
  /** Why, naming server, object and cure. */
  readonly description: string
}

interface TaskState extends JobStatus {
  /** It is told to be at work, but moves nothing. */
  readonly isStall?: boolean
}

/** A task that has told nothing for longer is not known to be at work. */
const longestSilenceMs = 10_000
/** A process that is just being started says nothing while a busy machine loads it. */
const longestStartMs = 30_000
/** A task that had something to do and moved nothing for longer is stalled. */
const longestRestMs = 45_000

export function jobStatus(facts: StatusFacts): JobStatus {
  if (isComplete(facts.job, facts.tasks.target))
    return { status: 'complete', description: 'the migration is complete: the target has everything the source had' }
  if (facts.job.isPaused) return { status: 'pause', description: pausedDescription(facts) }
  const found = withoutConsequences(taskRoles.map((role) => taskState(role, facts)))
  // What needs somebody to act comes first; then what hinders; a task at work says the least about why it is not running.
  for (const status of ['dead', 'pending', 'running'] as const) {
    const states = found.filter((state) => state.status === status)
    if (states.length > 0) return { status, description: joined(states.map((state) => state.description)) }
  }
  return { status: 'pending', description: 'nothing is known of the tasks' }
}

/** A task that gets nothing from, or no further than, one that is not at work itself is not what has to be looked at. */
function withoutConsequences(states: readonly TaskState[]): readonly TaskState[] {
  const hasCause = states.some((state) => state.status !== 'running' && !state.isStall)
  return hasCause ? states.filter((state) => !state.isStall) : states
}

/** True when a migration's target has told that it has everything, under the definition that stands. */
export function isComplete(job: ReplicationJob, { assignment, record }: Omit<TaskFacts, 'silentMs'>): boolean {
  if (job.kind !== 'migration') return false
  const told = record?.report.stage === 'complete' ? record.definition : null
  return [assignment?.completed ?? null, told].some((mark) => mark !== null && isSameDefinition(mark, job))
}

/** The record, if it is of the definition that stands and of the node that has the task. */
export function currentRecord(job: ReplicationJob, { assignment, record }: TaskFacts): TaskReportRecord | null {
  if (record === null || assignment === null || record.nodeId !== assignment.nodeId) return null
  return isSameDefinition(record.definition, job) ? record : null
}

function pausedDescription({ tasks }: StatusFacts): string {
  const stopping = taskRoles.filter((role) => tasks[role].assignment?.nodeId != null && tasks[role].record?.isRunning)
  if (stopping.length > 0) return `paused; the ${stopping.join(' and the ')} task is being stopped`
  return 'paused; resume it to go on where the target stands'
}

function taskState(role: TaskRole, facts: StatusFacts): TaskState {
  const task = facts.tasks[role]
  const { assignment } = task
  if (assignment?.unplacedReason != null) return { status: 'pending', description: unplacedText(assignment) }
  if (assignment === null || assignment.nodeId === null)
    return { status: 'pending', description: `the ${role} task waits for the cluster's leader to place it` }
  const record = currentRecord(facts.job, task)
  if (record === null) return { status: 'pending', description: `the ${role} task is being started` }
  const { report } = record
  if (report.problem !== null) return problemState(role, facts.job, report.problem, record)
  // After a restart the last process's words are still there; the term says that they are not the new one's.
  if (!record.isRunning || record.ownerTerm < assignment.ownerTerm)
    return { status: 'pending', description: `the ${role} task is being started on node ${record.nodeName}` }
  return silence(role, record, task.silentMs) ?? stall(role, facts.job, record) ?? atWork(record, assignment)
}

function unplacedText({ unplacedReason, unplacedSince }: Assignment): string {
  const since = unplacedSince === null ? '' : ` (since ${formatRfc3339(unplacedSince)})`
  return `${unplacedReason}${since}`
}

function problemState(role: TaskRole, job: ReplicationJob, problem: TaskProblem, record: TaskReportRecord): JobStatus {
  const places = taskRoles.map((one) => `${job[one].server.host}:${job[one].server.port}`)
  // Messages of the tasks name the server themselves, also the other task's; those about the process, a secret or
  // another NATS name the node or its address.
  const isPlaced = [...places, record.nodeName, job[role].natsAddress].some(
    (place) => place !== null && problem.message.includes(place),
  )
  const where = `${job[role].server.host}:${job[role].server.port}`
  const message = isPlaced ? problem.message : `${role} ${where}: ${problem.message}`
  if (problem.remedy === 'retry') return { status: 'pending', description: `retrying: ${message}` }
  return { status: 'dead', description: message }
}

function silence(role: TaskRole, record: TaskReportRecord, silentMs: number): JobStatus | null {
  if (silentMs <= (record.report.stage === 'starting' ? longestStartMs : longestSilenceMs)) return null
  const description =
    `node ${record.nodeName} has told nothing of the ${role} task for ${seconds(silentMs)}; ` +
    'check that its agent runs and that NATS answers'
  return { status: 'pending', description }
}

function stall(role: TaskRole, job: ReplicationJob, { report, unmovedMs }: TaskReportRecord): TaskState | null {
  const { stage, lagMs } = report
  const hasWork = stage === 'full' || (stage === 'incremental' && lagMs !== null && lagMs > longestRestMs)
  if (unmovedMs <= longestRestMs || !hasWork) return null
  const { natsAddress, server } = job[role]
  const nats = natsAddress === null ? 'NATS' : `the NATS server ${natsAddress}`
  const description =
    `the ${role} task has moved nothing for ${seconds(unmovedMs)} (${report.description}); check that ${server.host}:${server.port} ` +
    `answers, that no lock or long statement there holds it up, and that ${nats} answers`
  return { status: 'pending', description, isStall: true }
}

function atWork({ report }: TaskReportRecord, { displaced }: Assignment): JobStatus {
  const description = displaced === null ? report.description : `${report.description} (${displaced})`
  return { status: report.stage === 'starting' ? 'pending' : 'running', description }
}

function joined(descriptions: readonly string[]): string {
  return [...new Set(descriptions)].join('; ')
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
