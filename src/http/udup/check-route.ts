/**
 * `POST /v1/check/job`: what a save would make of a job now; nothing is stored.
 *
 * Easy to get wrong: passwords are masked in both jobs that are answered, so whether one would change is told apart.
 */
import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance } from 'fastify'
import type { ReplicationJob } from '../../model/replication-job.ts'
import { answer } from '../shared/json-answer.ts'
import { jsonBody } from '../shared/json-body.ts'
import { throwWithUnknown } from '../shared/unknown-fields.ts'
import { isClusterNats } from './cluster-nats.ts'
import { jobJson } from './job-json.ts'
import type { UdupApiParts } from './ports.ts'
import { readJob } from './read-job.ts'
import { hasOtherScope, notCopiedWarning } from './scope-change.ts'

export function addCheckRoute(app: FastifyInstance, parts: UdupApiParts): void {
  const { jobs, cluster, progress } = parts
  app.post('/v1/check/job', async (request, reply) => {
    const isClusters = (address: string) => isClusterNats(address, parts.natsAddresses(), cluster.members())
    const read = readJob(jsonBody(request.body), { isClusters })
    try {
      read.throwIfInvalid(await jobs.check(read.draft))
    } catch (error) {
      throwWithUnknown(error, read.unknown)
    }
    const { stored, job } = await jobs.preview(read.draft)
    const shown = (one: ReplicationJob) => jobJson(one, progress.status(one), parts.natsAddresses()[0] ?? '')
    return answer(request, reply, 200, {
      Exists: stored !== null,
      Changed: job !== stored,
      PasswordsChanged: changedPasswords(stored, job),
      Unknown: read.unknown,
      Warnings: stored !== null && hasOtherScope(stored, job) ? [notCopiedWarning] : [],
      Stored: stored === null ? null : shown(stored),
      Job: shown(job),
    })
  })
}

/** The tasks of a stored job whose password would be another one. */
function changedPasswords(stored: ReplicationJob | null, job: ReplicationJob): readonly string[] {
  if (stored === null) return []
  const isOther = (role: 'source' | 'target') =>
    !isDeepStrictEqual(stored[role].server.password, job[role].server.password)
  return [...(isOther('source') ? ['Src'] : []), ...(isOther('target') ? ['Dest'] : [])]
}
