/**
 * Which of the two kinds of jobs a document is.
 *
 * A replication job has `Tasks`, a scheduled job a `schedule` or a `command`; the case of letters does not matter, as
 * it does not to the APIs. A change of a few fields may have none of them: then the command that was called decides.
 */
import { DocumentError } from '../errors.ts'
import type { JobDocument } from './read-documents.ts'

export type JobKind = 'scheduled' | 'replication'

export const kindNames: Readonly<Record<JobKind, string>> = {
  scheduled: 'scheduled job',
  replication: 'replication job',
}

const commands: Readonly<Record<JobKind, string>> = {
  scheduled: 'millrace job apply',
  replication: 'millrace replication apply',
}

/** @param wanted what the command takes, or null for both @throws DocumentError */
export function kindOf({ place, body }: JobDocument, wanted: JobKind | null): JobKind {
  const found = kindByFields(body)
  if (found === 'both')
    throw new DocumentError(`${place}: has Tasks, as a replication job, and schedule or command, as a scheduled job`)
  if (found === null && wanted === null)
    throw new DocumentError(
      `${place}: is neither a scheduled job (schedule, command) nor a replication job (Tasks); ` +
        'for a change of some fields call "millrace job apply"',
    )
  if (found !== null && wanted !== null && found !== wanted)
    throw new DocumentError(
      `${place}: is a ${kindNames[found]}; apply it with "${commands[found]}", or both kinds with "millrace apply"`,
    )
  return found ?? wanted ?? 'scheduled'
}

function kindByFields(body: JobDocument['body']): JobKind | 'both' | null {
  const names = new Set(Object.keys(body).map((name) => name.toLowerCase()))
  const isScheduled = names.has('schedule') || names.has('command')
  if (names.has('tasks')) return isScheduled ? 'both' : 'replication'
  return isScheduled ? 'scheduled' : null
}
