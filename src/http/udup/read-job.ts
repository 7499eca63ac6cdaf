/**
 * Reads a job as clients send it into a draft.
 *
 * Easy to get wrong: reading never stops at a fault. What cannot be read gets a value that the draft's own check finds
 * nothing new in, so that one answer names everything that is wrong.
 */
import type { Issue } from '../../core/errors.ts'
import type { ReplicationKind, TaskRole } from '../../model/replication-job.ts'
import type { JobDraft } from '../../replication/service/job-draft.ts'
import { FieldReader } from '../shared/field-reader.ts'
import { wireField } from './draft-fields.ts'
import { JobIssues } from './job-issues.ts'
import { emptyTask, type GivenTask, type NatsAddresses, readTask } from './read-task.ts'

export interface ReadJob {
  readonly draft: JobDraft
  /** @param checked what the check of the draft found @throws InvalidError when anything is wrong */
  throwIfInvalid(checked: readonly Issue[]): void
  /** The same names for problems found later, while saving. */
  fieldOf(draftField: string): string | null
  /** Fields that nobody reads. */
  readonly unknown: readonly string[]
}

/** Set by the server and sent back by clients that edit an answer. */
const readOnly = [
  'Status',
  'StatusDescription',
  'CreatedAt',
  'UpdatedAt',
  'Index',
  'KnownLeader',
  'LastContact',
  'Success',
]

/** @throws MalformedBodyError when `body` is no object */
export function readJob(body: unknown, nats: NatsAddresses): ReadJob {
  const reader = FieldReader.of(body)
  const issues = new JobIssues(reader)
  reader.ignore(...readOnly)
  const id = reader.string('ID')
  const name = reader.string('Name')
  if (name === null || (name === undefined && !reader.has('Name'))) reader.fail('Name', 'must be given')
  const kind = readKind(reader)
  const tasks = readTasks(reader, issues, nats)
  const source = taskOf('source', tasks)
  const target = taskOf('target', tasks)
  // The two tasks meet in one stream, so an address given for one of them holds for both.
  const address = source.natsAddress ?? target.natsAddress ?? null
  const fieldOf = (field: string) => wireField(field, { source: source.path, target: target.path })
  return {
    draft: {
      id: id === '' ? null : (id ?? null),
      name: name ?? '',
      kind,
      source: { ...source.draft, natsAddress: source.natsAddress === undefined ? address : source.natsAddress },
      target: { ...target.draft, natsAddress: target.natsAddress === undefined ? address : target.natsAddress },
    },
    throwIfInvalid: (checked) => issues.throwWith(checked, fieldOf),
    fieldOf,
    unknown: reader.unknownNames(),
  }
}

/** The document's table calls Type a boolean, its example and every client send a string. */
function readKind(reader: FieldReader): ReplicationKind {
  const given = reader.any('Type')
  if (given === true) return 'synchronous'
  if (given === undefined || given === null) reader.fail('Type', 'must be given: "synchronous" or "migration"')
  else if (typeof given === 'string' && /^synchronous$/i.test(given)) return 'synchronous'
  else if (typeof given === 'string' && /^migration$/i.test(given)) return 'migration'
  else reader.fail('Type', 'must be "synchronous" (or true) or "migration"')
  return 'synchronous'
}

function readTasks(reader: FieldReader, issues: JobIssues, nats: NatsAddresses): readonly GivenTask[] {
  const readers = reader.objects('Tasks')
  const tasks = (readers ?? []).map((task) => readTask(task, issues, nats))
  if (issues.isNoted(reader, 'Tasks') || tasks.some((task) => task.role === null)) return tasks
  const count = (role: TaskRole) => tasks.filter((task) => task.role === role).length
  if (count('source') !== 1 || count('target') !== 1) {
    const found = `got ${count('source')} Src and ${count('target')} Dest`
    issues.note(reader.pathOf('Tasks'), `must hold exactly one Src and one Dest task, ${found}`)
  }
  return tasks
}

function taskOf(role: TaskRole, tasks: readonly GivenTask[]): GivenTask {
  const given = tasks.find((task) => task.role === role)
  return given ?? { role, path: null, draft: emptyTask(role), natsAddress: undefined }
}
