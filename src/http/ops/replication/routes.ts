/**
 * `/ops/replication-jobs` and `/ops/connection-check`: what the page and the command line need of replication beyond the
 * Udup API. Any node answers for the whole cluster; what it has heard itself is said to be so.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ReplicationJob } from '../../../model/replication-job.ts'
import { answer, warnOfUnknown } from '../../shared/json-answer.ts'
import { jsonBody } from '../../shared/json-body.ts'
import { checkJson } from './check-json.ts'
import { historyJson } from './history-json.ts'
import { type JobFacts, jobDetailsJson, jobSummaryJson } from './job-json.ts'
import type { ReplicationDomain } from './ports.ts'
import { readCheck } from './read-check.ts'

export function registerReplication(app: FastifyInstance, domain: ReplicationDomain): void {
  const { jobs, journal } = domain
  app.get('/ops/replication-jobs', async (request, reply) => {
    const members = domain.members()
    const all = (await jobs.list()).map(({ value }) => factsOf(value, domain, members))
    const inOrder = all.toSorted((a, b) => (a.job.name < b.job.name ? -1 : 1))
    return answer(request, reply, 200, { total: all.length, jobs: inOrder.map(jobSummaryJson) })
  })
  app.get('/ops/replication-jobs/:id', async (request, reply) => {
    const { value: job } = await jobs.get(idOf(request))
    return answer(request, reply, 200, jobDetailsJson(factsOf(job, domain), journal.events(job)))
  })
  app.get('/ops/replication-jobs/:id/history', async (request, reply) => {
    const { value: job } = await jobs.get(idOf(request))
    return answer(request, reply, 200, historyJson(journal.history(job.id)))
  })
  app.post('/ops/connection-check', async (request, reply) => {
    const { wanted, unknown } = await readCheck(jsonBody(request.body), async (id) => (await jobs.get(id)).value)
    const found = await domain.checkConnection(wanted)
    warnOfUnknown(reply, unknown)
    return answer(request, reply, 200, checkJson(found, domain.nodeName))
  })
}

function factsOf(job: ReplicationJob, domain: ReplicationDomain, members = domain.members()): JobFacts {
  const { progress } = domain
  const tasks = { source: progress.task(job, 'source'), target: progress.task(job, 'target') }
  return { job, status: progress.status(job), tasks, members }
}

function idOf(request: FastifyRequest): string {
  return (request.params as { readonly id: string }).id
}
