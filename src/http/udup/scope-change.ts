/** What an update of a job's filters does not do. */
import { isDeepStrictEqual } from 'node:util'
import type { ReplicationJob } from '../../model/replication-job.ts'

export const notCopiedWarning =
  'what the changed ReplicateDoDb or ReplicateIgnoreDb adds is not copied once the copy has begun, ' +
  'only followed from now on: to copy it, make a job of its own for it'

/** True for an update that replicates something else than before. */
export function hasOtherScope(before: ReplicationJob, after: ReplicationJob): boolean {
  if (before.createdAt !== after.createdAt) return false
  const [old, now] = [before.source, after.source]
  return !isDeepStrictEqual([old.include, old.exclude], [now.include, now.exclude])
}
