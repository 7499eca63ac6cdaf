/** `GET /ops/events`: what happens in the cluster, as it happens. */
import type { FastifyInstance } from 'fastify'
import { streamHeaders } from '../stream-headers.ts'
import type { EventHub } from './event-hub.ts'

/** The streams end before the server waits for its connections to close. */
export function registerEvents(app: FastifyInstance, hub: EventHub): void {
  app.get('/ops/events', { exposeHeadRoute: false }, async (_request, reply) =>
    reply.headers(streamHeaders).send(hub.open()),
  )
  app.addHook('preClose', async () => hub.close())
}
