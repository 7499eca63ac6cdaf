/**
 * The routes of the Udup API, version 0.3.0, and those that its program had besides its document.
 *
 * Easy to get wrong: every job that leaves here goes through `jobJson`, which masks passwords; nothing else may answer
 * one.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { InvalidError, NotFoundError, UnavailableError } from '../../core/errors.ts'
import type { TaskRole } from '../../model/replication-job.ts'
import type { JobStatus } from '../../replication/service/job-status.ts'
import type { StoredJob } from '../../replication/service/replication-jobs.ts'
import { answer, warnOfUnknown } from '../shared/json-answer.ts'
import { jsonBody } from '../shared/json-body.ts'
import { memberJson } from '../shared/member-json.ts'
import { shownValue } from '../shared/shown-value.ts'
import { type AllocationFacts, allocationJson, allocationStatsJson, parseAllocationId } from './allocation-json.ts'
import { addCheckRoute } from './check-route.ts'
import { isClusterNats } from './cluster-nats.ts'
import { jobJson, writeOutcome } from './job-json.ts'
import { nodeJson, statusJson } from './node-json.ts'
import type { UdupApiParts } from './ports.ts'
import { type ReadJob, readJob } from './read-job.ts'
import { hasOtherScope, notCopiedWarning } from './scope-change.ts'
import { statsJson } from './stats-json.ts'

/**
 * @param app from `createApi`
 * @param prefix comes before every path, for an app that serves something else besides: `/udup`
 */
export function registerUdupApi(app: FastifyInstance, parts: UdupApiParts, prefix = ''): void {
  app.register(
    async (routes) => {
      addJobRoutes(routes, parts)
      addCheckRoute(routes, parts)
      addJobOrders(routes, parts)
      addProgressRoutes(routes, parts)
      addClusterRoutes(routes, parts)
    },
    { prefix },
  )
}

function addJobRoutes(app: FastifyInstance, parts: UdupApiParts): void {
  const { jobs } = parts
  app.get('/v1/jobs', async (request, reply) => {
    const all = await jobs.list()
    return answer(
      request,
      reply,
      200,
      all.map((stored) => shownJob(stored, parts)),
    )
  })
  app.get('/v1/job/:id', async (request, reply) =>
    answer(request, reply, 200, shownJob(await jobs.get(idOf(request)), parts)),
  )
  app.post('/v1/jobs', async (request, reply) => saveJob(request, reply, parts, null))
  app.route({
    method: ['POST', 'PUT'],
    url: '/v1/job/:id',
    handler: async (request, reply) => saveJob(request, reply, parts, await jobs.get(idOf(request))),
  })
}

function addJobOrders(app: FastifyInstance, parts: UdupApiParts): void {
  const { jobs } = parts
  app.delete('/v1/job/:id', async (request, reply) => {
    const removed = await jobs.remove(idOf(request))
    const status = { status: 'dead', description: 'deleted; the rows at the target stay' } as const
    return answer(request, reply, 200, writtenJob(removed, parts, status))
  })
  app.route({
    method: ['POST', 'PUT'],
    url: '/v1/job/:id/pause',
    handler: async (request, reply) => answer(request, reply, 200, writtenJob(await jobs.pause(idOf(request)), parts)),
  })
  app.route({
    method: ['POST', 'PUT'],
    url: '/v1/job/:id/resume',
    handler: async (request, reply) => answer(request, reply, 200, writtenJob(await jobs.resume(idOf(request)), parts)),
  })
}

function addProgressRoutes(app: FastifyInstance, parts: UdupApiParts): void {
  const { jobs, progress, cluster } = parts
  app.get('/v1/job/:id/stats', async (request, reply) => {
    const { value: job } = await jobs.get(idOf(request))
    const tasks = { source: progress.task(job, 'source'), target: progress.task(job, 'target') }
    const figures = { job, status: progress.status(job), tasks, members: cluster.members() }
    return answer(request, reply, 200, statsJson(figures))
  })
  app.get('/v1/job/:id/allocations', async (request, reply) => {
    const stored = await jobs.get(idOf(request))
    const roles = ['source', 'target'] as const
    const allocations = roles.map((role) => allocationJson(allocationFacts(stored, role, parts)))
    return answer(request, reply, 200, allocations)
  })
  app.get('/v1/agent/allocation/:id/stats', async (request, reply) => {
    const wanted = parseAllocationId(idOf(request))
    if (wanted === null) throw new NotFoundError(`there is no allocation "${idOf(request)}"`)
    const facts = allocationFacts(await jobs.get(wanted.jobId), wanted.role, parts)
    return answer(request, reply, 200, allocationStatsJson(facts))
  })
}

function addClusterRoutes(app: FastifyInstance, parts: UdupApiParts): void {
  const { cluster } = parts
  app.get('/v1', async (request, reply) => answer(request, reply, 200, statusJson(cluster)))
  app.get('/v1/members', async (request, reply) => answer(request, reply, 200, cluster.members().map(memberJson)))
  app.get('/v1/leader', async (request, reply) => {
    const leader = cluster.leader()
    if (leader === null) throw new UnavailableError('the cluster has no leader at the moment, ask again')
    return answer(request, reply, 200, memberJson(leader))
  })
  app.get('/v1/leave', async (request, reply) => answer(request, reply, 200, (await parts.leave()).map(memberJson)))
  app.get('/v1/nodes', async (request, reply) =>
    answer(
      request,
      reply,
      200,
      cluster.members().map((member) => nodeJson(member, clusterNats(parts))),
    ),
  )
  app.get('/v1/node/:id', async (request, reply) => {
    const id = idOf(request)
    const members = cluster.members()
    const found = members.find((member) => member.nodeId === id) ?? members.find((member) => member.nodeName === id)
    if (found === undefined) throw new NotFoundError(`there is no node with the id or name "${id}"`)
    return answer(request, reply, 200, nodeJson(found, clusterNats(parts)))
  })
}

/** @param named the job that the path names, which is then the one to update */
async function saveJob(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: UdupApiParts,
  named: StoredJob | null,
): Promise<FastifyReply> {
  const { jobs, cluster } = parts
  const isClusters = (address: string) => isClusterNats(address, parts.natsAddresses(), cluster.members())
  const read = readJob(jsonBody(request.body), { isClusters })
  const draft = named === null ? read.draft : { ...read.draft, id: named.key }
  const issues = [...(await jobs.check(draft))]
  if (named !== null && read.draft.id !== null && read.draft.id !== named.key)
    issues.push({ field: 'id', value: read.draft.id, message: `must be the id of the job in the path, ${named.key}` })
  read.throwIfInvalid(issues)
  const before = named ?? (await jobs.get(draft.id ?? draft.name).catch(orNone))
  const saved = await jobs.save(draft).catch((error: unknown) => throwInJsonNames(error, read))
  warnOfUnknown(
    reply,
    read.unknown,
    before !== null && hasOtherScope(before.value, saved.value) ? [notCopiedWarning] : [],
  )
  return answer(request, reply, 200, writtenJob(saved, parts))
}

function orNone(error: unknown): null {
  if (error instanceof NotFoundError) return null
  throw error
}

/** What was fine when it was checked may not be when it is saved: somebody else was faster. */
function throwInJsonNames(error: unknown, { fieldOf }: ReadJob): never {
  if (!(error instanceof InvalidError)) throw error
  const issues = error.issues.map(({ field, value, message }) => {
    const name = fieldOf(field) ?? field
    return { field: name, value: shownValue(name, value), message }
  })
  throw new InvalidError(issues)
}

function shownJob({ value: job }: StoredJob, parts: UdupApiParts, status?: JobStatus): object {
  return jobJson(job, status ?? parts.progress.status(job), clusterNats(parts))
}

function writtenJob(stored: StoredJob, parts: UdupApiParts, status?: JobStatus): object {
  const outcome = writeOutcome(stored.revision, parts.cluster.leader() !== null)
  return { ...shownJob(stored, parts, status), ...outcome }
}

/** What is shown as the cluster's NATS. */
function clusterNats({ natsAddresses }: UdupApiParts): string {
  return natsAddresses()[0] ?? ''
}

function allocationFacts({ value: job }: StoredJob, role: TaskRole, parts: UdupApiParts): AllocationFacts {
  const { progress, cluster } = parts
  return { job, role, task: progress.task(job, role), status: progress.status(job), members: cluster.members() }
}

function idOf(request: FastifyRequest): string {
  return (request.params as { readonly id: string }).id
}
