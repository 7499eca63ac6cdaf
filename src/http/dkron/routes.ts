/**
 * The Dkron 0.7.2 API: every route of its document, and the few that api-dkron settles beyond it.
 *
 * Easy to get wrong: `GET /v1/leave` changes something, so it must not be reachable by HEAD, which clients and proxies
 * send without a thought.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ConflictError, InvalidError, type Issue, NotFoundError, UnavailableError } from '../../core/errors.ts'
import type { JobPatch } from '../../schedule/job-patch.ts'
import { FieldReader } from '../shared/field-reader.ts'
import { answer, warnOfUnknown } from '../shared/json-answer.ts'
import { jsonBody } from '../shared/json-body.ts'
import { answerList } from '../shared/json-list.ts'
import { memberJson } from '../shared/member-json.ts'
import { throwWithUnknown } from '../shared/unknown-fields.ts'
import { executionsJson, runningJson } from './execution-json.ts'
import { domainIssues, jobJson, readJobPatch, wireIssues } from './job-json.ts'
import type { DkronDomain, Jobs } from './ports.ts'
import { statusJson } from './status-json.ts'

interface JobParams {
  readonly Params: { readonly job: string }
}

interface ExecutionParams {
  readonly Params: { readonly job: string; readonly id: string }
}

/** Registers the API under `/v1`. `app` comes from `createApi`. */
export function registerDkronApi(app: FastifyInstance, domain: DkronDomain): void {
  registerJobs(app, domain.jobs)
  registerExecutions(app, domain)
  registerCluster(app, domain)
}

function registerJobs(app: FastifyInstance, jobs: Jobs): void {
  app.get('/v1/jobs', async (request, reply) => answerList(request, reply, await jobs.list(), jobJson))
  app.route({
    method: ['POST', 'PATCH'],
    url: '/v1/jobs',
    handler: (request, reply) => saveJob(jobs, request, reply),
  })
  app.post('/v1/check/job', (request, reply) => checkJob(jobs, request, reply))
  app.get<JobParams>('/v1/jobs/:job', async (request, reply) =>
    answer(request, reply, 200, jobJson(await jobs.get(request.params.job))),
  )
  app.delete<JobParams>('/v1/jobs/:job', async (request, reply) =>
    answer(request, reply, 200, jobJson(await jobs.delete(request.params.job))),
  )
  app.post<JobParams>('/v1/jobs/:job', async (request, reply) =>
    answer(request, reply, 200, jobJson(await jobs.runNow(request.params.job))),
  )
}

async function saveJob(jobs: Jobs, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const reader = FieldReader.of(jsonBody(request.body))
  const saved = await reported(reader, (patch, known) => jobs.save(patch, known))
  warnOfUnknown(reply, reader.unknownNames())
  reply.header('location', `/v1/jobs/${encodeURIComponent(saved.job.name)}`)
  return answer(request, reply, 201, jobJson(saved))
}

/** What saving the body would do; nothing is stored. A path of its own, because any name after `jobs/` is a job's. */
async function checkJob(jobs: Jobs, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const reader = FieldReader.of(jsonBody(request.body))
  const { stored, next } = await reported(reader, (patch, known) => jobs.preview(patch, known)).catch((error) =>
    throwWithUnknown(error, reader.unknownNames()),
  )
  return answer(request, reply, 200, {
    exists: stored !== null,
    unknown: reader.unknownNames(),
    stored: stored === null ? null : jobJson(stored),
    job: jobJson(next),
  })
}

/** @throws InvalidError with every problem of the body, in the names of this API */
async function reported<Result>(
  reader: FieldReader,
  act: (patch: JobPatch, known: readonly Issue[]) => Promise<Result>,
): Promise<Result> {
  const patch = readJobPatch(reader)
  try {
    return await act(patch, domainIssues(reader.issues))
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error
    throw new InvalidError(wireIssues(error.issues, reader))
  }
}

function registerExecutions(app: FastifyInstance, domain: DkronDomain): void {
  const { jobs } = domain
  app.get<JobParams>('/v1/executions/:job', async (request, reply) => {
    const { job } = await jobs.get(request.params.job)
    // Asked in this order, a run that ends in between is in the second answer: it is never in neither.
    const now = await domain.running(job.name)
    const ended = await jobs.executions(job.name)
    return answer(request, reply, 200, executionsJson(ended, now))
  })
  app.delete<ExecutionParams>('/v1/executions/:job/:id', async (request, reply) => {
    const { id } = request.params
    const { job } = await jobs.get(request.params.job)
    const execution = (await domain.running(job.name)).find((one) => one.id === id)
    const hasEnded = (await jobs.executions(job.name)).some((one) => one.id === id)
    if (execution === undefined && !hasEnded)
      throw new NotFoundError(`there is no execution ${JSON.stringify(id.slice(0, 200))} of job "${job.name}"`)
    if (execution === undefined || !(await domain.stop(job.name, id)))
      throw new ConflictError(`the execution "${id}" of job "${job.name}" has already ended`)
    return answer(request, reply, 200, runningJson(execution))
  })
}

function registerCluster(app: FastifyInstance, domain: DkronDomain): void {
  const { cluster } = domain
  app.get('/v1', async (request, reply) => answer(request, reply, 200, statusJson(cluster)))
  app.get('/v1/leader', async (request, reply) => {
    const leader = cluster.leader()
    if (leader === null) throw new UnavailableError('the cluster has no leader now')
    return answer(request, reply, 200, memberJson(leader))
  })
  app.get('/v1/members', async (request, reply) => answer(request, reply, 200, cluster.members().map(memberJson)))
  app.get('/v1/leave', { exposeHeadRoute: false }, async (request, reply) =>
    answer(request, reply, 200, (await domain.leave()).map(memberJson)),
  )
}
