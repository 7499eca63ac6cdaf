/** `/ops/scheduled-jobs`: what the page and the command line need of scheduled jobs beyond the Dkron API. */
import type { FastifyInstance } from 'fastify'
import { answer } from '../../shared/json-answer.ts'
import { jsonBody } from '../../shared/json-body.ts'
import { QueryFields } from '../query-fields.ts'
import { timeText } from '../time-text.ts'
import { firesJson } from './fires-json.ts'
import { jobPageJson, readJobQuery } from './list-json.ts'
import { registerOutput } from './output-routes.ts'
import type { ScheduledDomain } from './ports.ts'
import type { RecentRun } from './recent-runs.ts'
import { schedulePreviewJson } from './schedule-preview.ts'

const mostNames = 100
const mostFires = 100
const usualFires = 20

interface JobParams {
  readonly Params: { readonly job: string }
}

export function registerScheduled(app: FastifyInstance, domain: ScheduledDomain): void {
  app.get('/ops/scheduled-jobs', async (request, reply) => {
    const fields = new QueryFields(request.query)
    const query = readJobQuery(fields)
    fields.throwIfInvalid()
    return answer(request, reply, 200, jobPageJson(await domain.list(query)))
  })
  app.get('/ops/scheduled-jobs/tags', async (request, reply) =>
    answer(request, reply, 200, { tags: await domain.tags() }),
  )
  app.get('/ops/scheduled-jobs/recent', async (request, reply) => {
    const fields = new QueryFields(request.query)
    const names = [...new Set(fields.texts('names'))]
    if (names.length > mostNames) fields.fail('names', `must be at most ${mostNames} names`)
    fields.throwIfInvalid()
    return answer(request, reply, 200, { jobs: recentJson(await domain.recent(names)) })
  })
  app.get<JobParams>('/ops/scheduled-jobs/:job/fires', async (request, reply) => {
    const fields = new QueryFields(request.query)
    const limit = fields.wholeNumber('limit', { min: 1, max: mostFires, usual: usualFires })
    const before = fields.text('before')
    if (!/^\d{0,30}$/.test(before)) fields.fail('before', 'must be the group of a fire, as next_before told it')
    fields.throwIfInvalid()
    const name = await domain.nameOf(request.params.job)
    // Asked in this order, a run that ends in between is in the second answer: it is never in neither.
    const running = await domain.running(name)
    const ended = await domain.pastRuns(name)
    return answer(request, reply, 200, firesJson(ended, running, { limit, before: before === '' ? null : before }))
  })
  registerOutput(app, domain)
  app.post('/ops/schedule-preview', async (request, reply) =>
    answer(request, reply, 200, schedulePreviewJson(jsonBody(request.body), domain.previewContext())),
  )
}

function recentJson(jobs: ReadonlyMap<string, readonly RecentRun[]>) {
  return Object.fromEntries([...jobs].map(([name, runs]) => [name, runs.map(recentRunJson)]))
}

function recentRunJson({ outcome, durationMs, startedAt }: RecentRun) {
  return { outcome, duration_ms: durationMs, started_at: timeText(startedAt) }
}
