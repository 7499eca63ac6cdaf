/**
 * What must hold of a job before it is stored: pure rules over the draft and what is known around it.
 *
 * Fields of issues are paths in the draft (`source.server.port`); an API translates them into its own.
 */
import type { Issue } from '../../core/errors.ts'
import type { ReplicationJob, SchemaFilter, TaskRole } from '../../model/replication-job.ts'
import { taskRoles } from './assignment.ts'
import type { JobDraft, TaskDraft } from './job-draft.ts'
import { namePatternProblem } from './name-pattern.ts'
import { startPositionProblem } from './start-position.ts'

export interface CheckFacts {
  /** The job that the draft would replace. */
  readonly stored: ReplicationJob | null
  /** Another job that has the draft's name. */
  readonly nameHolderId: string | null
  /** True for every node that is or ever was a member. */
  isKnownNode(nodeId: string): boolean
}

const idShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const longestName = 128
const loopback = new Set(['localhost', '127.0.0.1', '::1', '[::1]'])

/** @returns every problem, none when the draft can be stored */
export function checkJob(draft: JobDraft, facts: CheckFacts): readonly Issue[] {
  const issues: Issue[] = []
  const note = (field: string, value: unknown, message: string) => issues.push({ field, value, message })
  if (draft.id !== null && !idShape.test(draft.id))
    note('id', draft.id, 'must be 1 to 64 letters, digits, dots, hyphens or underscores, the first a letter or digit')
  checkName(draft, facts, note)
  for (const role of taskRoles) checkTask(role, draft[role], facts, note)
  if (draft.source.natsAddress !== draft.target.natsAddress)
    note('target.natsAddress', draft.target.natsAddress, 'must be the same for both tasks, they meet in one stream')
  if (isSameServer(draft.source, draft.target)) {
    const { host, port } = draft.target.server
    note(
      'target.server',
      `${host}:${port}`,
      'must be another server than the source, a server cannot replicate to itself',
    )
  }
  return issues
}

type Note = (field: string, value: unknown, message: string) => void

function checkName({ name }: JobDraft, { nameHolderId }: CheckFacts, note: Note): void {
  if (name.trim() === '') note('name', name, 'must not be empty')
  else if (name.length > longestName) note('name', name, `must have at most ${longestName} characters`)
  else if (hasControlCharacter(name)) note('name', name, 'must not contain control characters')
  else if (nameHolderId !== null)
    note('name', name, `is the name of job ${nameHolderId}: update that job by its id, or choose another name`)
}

function checkTask(role: TaskRole, task: TaskDraft, facts: CheckFacts, note: Note): void {
  const { nodeId, server, gtid, parallelWorkers, bufferedMessages, frameBytes } = task
  if (nodeId !== null && !facts.isKnownNode(nodeId))
    note(`${role}.nodeId`, nodeId, 'was never a node of this cluster: leave it out and the cluster places the task')
  if (gtid !== null) {
    const problem = startPositionProblem(gtid)
    if (problem !== null) note(`${role}.gtid`, gtid, problem)
  }
  checkServer(role, server, note)
  checkKeptPassword(role, server, facts.stored, note)
  checkRange(`${role}.parallelWorkers`, parallelWorkers, 1, 64, note)
  checkRange(`${role}.bufferedMessages`, bufferedMessages, 1, 1_000_000, note)
  checkRange(`${role}.frameBytes`, frameBytes, 1, 1_073_741_824, note)
  checkFilters(`${role}.include`, task.include, note)
  checkFilters(`${role}.exclude`, task.exclude, note)
}

function checkServer(role: TaskRole, { host, port, user }: TaskDraft['server'], note: Note): void {
  if (host === '' || host.length > 255 || /[\s/@]/.test(host) || hasControlCharacter(host))
    // Whoever writes user:password@host here must not read it in an answer.
    note(`${role}.server.host`, host.includes('@') ? null : host, 'must be a host name or an address, without port')
  checkRange(`${role}.server.port`, port, 1, 65_535, note)
  if (user === '' || user.length > 128 || hasControlCharacter(user))
    note(`${role}.server.user`, user, 'must be the name of a database account')
}

/** A stored password goes to no other server: whoever may change a job could read it at a server of his own. */
function checkKeptPassword(
  role: TaskRole,
  server: TaskDraft['server'],
  stored: CheckFacts['stored'],
  note: Note,
): void {
  if (server.password.kind !== 'keep') return
  const field = `${role}.server.password`
  if (stored === null) {
    note(field, null, 'must be given, there is no stored one to keep')
    return
  }
  const old = stored[role].server
  // What could not be read is empty, and told as such.
  const isOther = (part: 'host' | 'port' | 'user') => Boolean(server[part]) && server[part] !== old[part]
  const changed = (['host', 'port', 'user'] as const).filter(isOther)
  if (changed.length === 0) return
  const place = `${old.user} at ${old.host}:${old.port}`
  note(
    field,
    null,
    `must be given again, the stored one is only for ${place}: changed is the ${changed.join(', the ')}`,
  )
}

function checkFilters(path: string, filters: readonly SchemaFilter[], note: Note): void {
  for (const [index, filter] of filters.entries()) {
    const problem = namePatternProblem(filter.schema)
    if (problem !== null) note(`${path}[${index}].schema`, filter.schema, problem)
    for (const [tableIndex, table] of filter.tables.entries()) {
      const tableProblem = namePatternProblem(table)
      if (tableProblem !== null) note(`${path}[${index}].tables[${tableIndex}]`, table, tableProblem)
    }
  }
}

function checkRange(field: string, value: number, min: number, max: number, note: Note): void {
  if (!Number.isSafeInteger(value) || value < min || value > max)
    note(field, value, `must be a whole number from ${min} to ${max}`)
}

/** Loopback on two different nodes is two servers. */
function isSameServer(source: TaskDraft, target: TaskDraft): boolean {
  if (source.server.host === '' || source.server.port !== target.server.port) return false
  const [from, to] = [source.server.host.toLowerCase(), target.server.host.toLowerCase()]
  if (!loopback.has(from) || !loopback.has(to)) return from === to
  return source.nodeId === null || target.nodeId === null || source.nodeId === target.nodeId
}

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\x7f')
}
