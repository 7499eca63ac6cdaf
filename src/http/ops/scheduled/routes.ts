/** `/ops/scheduled-jobs`: what the page and the command line need of scheduled jobs beyond the Dkron API. */
import type { FastifyInstance } from 'fastify'
import { answer } from '../../shared/json-answer.ts'
import { jsonBody } from '../../shared/json-body.ts'
import { QueryFields } from '../query-fields.ts'
import { jobPageJson, readJobQuery } from './list-json.ts'
import type { ScheduledDomain } from './ports.ts'
import { schedulePreviewJson } from './schedule-preview.ts'

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
  app.post('/ops/schedule-preview', async (request, reply) =>
    answer(request, reply, 200, schedulePreviewJson(jsonBody(request.body), domain.previewContext())),
  )
}
