/**
 * What operators ask that neither of the two documents has. Any node answers for the whole cluster.
 *
 * Easy to get wrong: this is asked when something is wrong. It must answer within seconds although NATS does not, and
 * say which parts it could not read.
 */
import type { FastifyInstance } from 'fastify'
import { answer } from '../shared/json-answer.ts'
import { readOverview } from './overview.ts'
import { overviewJson } from './overview-json.ts'
import type { OpsDomain } from './ports.ts'
import type { StatusSince } from './status-since.ts'
import { warningsOf } from './warnings.ts'

/** Registers `/ops`. `app` comes from `createApi`; `since` is kept up to date by whoever composes. */
export function registerOpsApi(app: FastifyInstance, domain: OpsDomain, since: StatusSince): void {
  app.get('/ops/cluster', async (request, reply) => {
    const overview = await readOverview(domain, since)
    return answer(request, reply, 200, overviewJson(overview, warningsOf(overview)))
  })
}
