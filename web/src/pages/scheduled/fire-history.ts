/**
 * The fires of a job as the page has come to know them: pages of the history, and what events tell meanwhile.
 *
 * Easy to get wrong: a group is a number larger than JavaScript counts exactly, so groups are compared as text. And a page
 * that was asleep must not show old and new fires side by side as if nothing had been between them.
 */
import type { ExecutionEventItem } from '../../api/event-kinds.ts'
import type { Fire, FireExecution, FirePage, Outcome } from './wire.ts'

export interface FireHistory {
  /** Newest first. */
  readonly fires: readonly Fire[]
  /** Where the next older page begins; null: all are here. */
  readonly nextBefore: string | null
}

export const noFires: FireHistory = { fires: [], nextBefore: null }

/** What a page holds of one job; the oldest go when it was open for long, and can be asked for again. */
export const mostFires = 500

/** Takes in the newest page of the history. */
export function withNewest(known: FireHistory, page: FirePage): FireHistory {
  const oldest = page.fires.at(-1)?.group
  const newestKnown = known.fires[0]?.group
  const isGap = oldest !== undefined && newestKnown !== undefined && isAbove(oldest, newestKnown)
  if (newestKnown === undefined || oldest === undefined || isGap)
    return { fires: page.fires, nextBefore: page.next_before }
  return bounded({ fires: merged(known.fires, page.fires), nextBefore: known.nextBefore })
}

/** Takes in the page that was asked for with `nextBefore`. */
export function withOlder(known: FireHistory, page: FirePage): FireHistory {
  return { fires: merged(known.fires, page.fires), nextBefore: page.next_before }
}

/** What events tell of executions that are here; of others the next page tells. */
export function withEvents(known: FireHistory, items: readonly ExecutionEventItem[]): FireHistory {
  const told = new Map(items.map((item) => [item.id, item]))
  if (!known.fires.some(({ executions }) => executions.some(({ id }) => told.has(id)))) return known
  const fires = known.fires.map((fire) => {
    if (!fire.executions.some(({ id }) => told.has(id))) return fire
    return { ...fire, executions: fire.executions.map((one) => updated(one, told.get(one.id))) }
  })
  return { ...known, fires }
}

/** @returns those that came after `group`, for a list that must not move now */
export function newerThan(fires: readonly Fire[], group: string): readonly Fire[] {
  return fires.filter((fire) => isAbove(fire.group, group))
}

/** The first `limit`, and all down to the one whose output is read: it never goes away under the reader. */
export function visibleFires(fires: readonly Fire[], limit: number, openId: string | null): readonly Fire[] {
  const openAt = openId === null ? -1 : fires.findIndex(({ executions }) => executions.some(({ id }) => id === openId))
  return fires.slice(0, Math.max(limit, openAt + 1))
}

/** True when `a` is the greater number; both are whole numbers as text. */
export function isAbove(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length
}

function merged(known: readonly Fire[], page: readonly Fire[]): readonly Fire[] {
  const byGroup = new Map(known.map((fire) => [fire.group, fire]))
  for (const fire of page) byGroup.set(fire.group, fire)
  return [...byGroup.values()].sort((a, b) => (isAbove(a.group, b.group) ? -1 : 1))
}

function bounded(history: FireHistory): FireHistory {
  if (history.fires.length <= mostFires) return history
  const fires = history.fires.slice(0, mostFires)
  return { fires, nextBefore: fires.at(-1)?.group ?? null }
}

function updated(execution: FireExecution, told: ExecutionEventItem | undefined): FireExecution {
  // An end is never undone by an older word that it runs.
  if (told === undefined || (told.outcome === 'running' && execution.outcome !== 'running')) return execution
  return {
    ...execution,
    outcome: told.outcome as Outcome,
    started_at: told.started_at ?? execution.started_at,
    finished_at: told.finished_at,
    duration_ms: told.duration_ms,
  }
}
