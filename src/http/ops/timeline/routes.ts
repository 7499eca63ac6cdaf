/**
 * `GET /ops/timeline`: how fires went, and which are to come.
 *
 * Easy to get wrong: pages ask again with every event. What is to come costs work with many jobs, so one answer serves all
 * who ask for the same stretch within two seconds.
 */
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../../core/clock.ts'
import type { DueCounts, DueQuestion } from '../../../schedule/due-counts.ts'
import { answer } from '../../shared/json-answer.ts'
import { QueryFields } from '../query-fields.ts'
import type { RunningBrief } from '../scheduled/running-watch.ts'
import { type ExecutionTail, spanMs } from './execution-tail.ts'
import { readWindow, type TimelineWindow, timelineJson } from './timeline-json.ts'

export interface TimelineDomain {
  readonly tail: ExecutionTail
  /** Epoch ms: what was due before it is not counted, or only in part. */
  knownFromMs(): number
  running(): Promise<readonly RunningBrief[]>
  countDue(question: DueQuestion): Promise<DueCounts>
  readonly clock: Clock
}

const servesForMs = 2_000
const mostFires = 200_000

export function registerTimeline(app: FastifyInstance, domain: TimelineDomain): void {
  const { tail, clock } = domain
  const dueWithin = sharedDue(domain)
  app.get('/ops/timeline', async (request, reply) => {
    const window = readWindow(new QueryFields(request.query), clock.now())
    const [running, due] = await Promise.all([domain.running(), dueWithin(window)])
    const facts = { nowMs: clock.now(), knownFromMs: domain.knownFromMs(), tail, running, due }
    return answer(request, reply, 200, timelineJson(window, facts))
  })
}

function sharedDue({ clock, countDue }: TimelineDomain): (window: TimelineWindow) => Promise<DueCounts> {
  const kept = new Map<string, { readonly atMs: number; readonly due: Promise<DueCounts> }>()
  return ({ fromMs, toMs }) => {
    const nowMs = clock.monotonicMs()
    for (const [key, { atMs }] of kept) if (nowMs - atMs > servesForMs) kept.delete(key)
    // What is behind us is not worked out, so where the stretch begins there makes no difference.
    const key = `${Math.max(fromMs, clock.now()) === fromMs ? fromMs : 'now'} ${toMs}`
    const known = kept.get(key)
    if (known !== undefined) return known.due
    const due = countDue({ nowMs: clock.now(), fromMs, toMs, stepMs: spanMs, mostFires })
    kept.set(key, { atMs: nowMs, due })
    return due
  }
}
