/**
 * Which jobs a list shows, out of very many.
 *
 * Easy to get wrong: this looks at every job, so it rests now and then; the list is of the jobs there were when it began.
 */
import { TimeSlice } from '../core/time-slice.ts'
import type { JobCounters, ScheduledJob } from '../model/scheduled-job.ts'
import type { IndexedJob, JobHealth, JobIndex } from './job-index.ts'
import type { JobDetails } from './job-service.ts'
import { rankedPage, unranked } from './ranked-page.ts'

export type JobSort = 'name' | 'next' | 'last' | 'failures' | 'success_rate'

export interface JobQuery {
  /** Text in the name, the display name or the command, in any case; empty: all. */
  readonly search: string
  /** `running`: something of it runs now, however it does. */
  readonly status: JobHealth | 'running' | null
  /** With a value, exactly that. */
  readonly tag: { readonly name: string; readonly value: string | null } | null
  readonly sort: JobSort
  readonly isDescending: boolean
  readonly offset: number
  readonly limit: number
}

export interface ListedJob {
  readonly job: ScheduledJob
  readonly health: JobHealth
  readonly counters: JobCounters
  /** Null for a disabled job too. */
  readonly nextAt: number | null
  /** Commands that run now. */
  readonly running: number
}

export interface JobPage {
  readonly total: number
  /** Of all jobs, whatever is asked for. */
  readonly counts: Readonly<Record<JobHealth, number>>
  /** How many fit the query. */
  readonly matched: number
  readonly jobs: readonly ListedJob[]
}

export interface JobQueryParts {
  readonly index: Pick<JobIndex, 'byName' | 'counts'>
  readonly counters: { of(job: Pick<ScheduledJob, 'name' | 'createdAt'>): JobCounters }
  /** How many commands of a job run now, anywhere. */
  runningOf(jobName: string): number
  now(): number
}

export async function queryJobs(query: JobQuery, parts: JobQueryParts): Promise<JobPage> {
  const all = await parts.index.byName()
  const slice = new TimeSlice()
  const matching = await matchingJobs(all, query, parts, slice)
  const page = query.sort === 'name' ? namedPage(matching, query) : await rankedJobs(matching, query, parts, slice)
  const { counts } = parts.index
  return { total: all.length, counts, matched: matching.length, jobs: page.map((entry) => listed(entry, parts)) }
}

export function listed({ job, health, times }: IndexedJob, parts: Omit<JobQueryParts, 'index'>): ListedJob {
  return {
    job,
    health,
    counters: parts.counters.of(job),
    nextAt: job.isDisabled ? null : times.next(parts.now()),
    running: parts.runningOf(job.name),
  }
}

async function matchingJobs(
  all: readonly IndexedJob[],
  query: JobQuery,
  parts: JobQueryParts,
  slice: TimeSlice,
): Promise<readonly IndexedJob[]> {
  const { search, status, tag } = query
  if (search === '' && status === null && tag === null) return all
  const hasText = search === '' ? null : textFinder(search)
  const matching: IndexedJob[] = []
  for (const [count, entry] of all.entries()) {
    if (count % 256 === 0 && slice.isOver) await slice.rest()
    const { job, health } = entry
    if (status === 'running' ? parts.runningOf(job.name) === 0 : status !== null && health !== status) continue
    if (tag !== null && !hasTag(job, tag)) continue
    if (hasText === null || hasText(job)) matching.push(entry)
  }
  return matching
}

/** A pattern compares without case and without a copy in lower case of every text. */
function textFinder(search: string): (job: ScheduledJob) => boolean {
  const pattern = new RegExp(search.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'iu')
  return ({ name, displayName, command }) => pattern.test(name) || pattern.test(displayName) || pattern.test(command)
}

function hasTag({ tags }: ScheduledJob, { name, value }: NonNullable<JobQuery['tag']>): boolean {
  return Object.hasOwn(tags, name) && (value === null || tags[name] === value)
}

function namedPage(matching: readonly IndexedJob[], { isDescending, offset, limit }: JobQuery): readonly IndexedJob[] {
  if (!isDescending) return matching.slice(offset, offset + limit)
  const end = Math.max(0, matching.length - offset)
  return matching.slice(Math.max(0, end - limit), end).reverse()
}

async function rankedJobs(
  matching: readonly IndexedJob[],
  query: JobQuery,
  parts: JobQueryParts,
  slice: TimeSlice,
): Promise<readonly IndexedJob[]> {
  const rankOf = rankBy(query.sort, parts)
  const ranks = new Float64Array(matching.length)
  for (const [count, entry] of matching.entries()) {
    if (count % 64 === 0 && slice.isOver) await slice.rest()
    const rank = rankOf(entry)
    ranks[count] = rank === null ? unranked : query.isDescending ? -rank : rank
  }
  return rankedPage(ranks, query.offset, query.limit).flatMap((index) => matching[index] ?? [])
}

/** @returns null for a job that has nothing to be ranked by */
function rankBy(sort: JobSort, parts: JobQueryParts): (entry: IndexedJob) => number | null {
  const nowMs = parts.now()
  switch (sort) {
    case 'next':
      return ({ job, times }) => (job.isDisabled ? null : times.next(nowMs))
    case 'last':
      return ({ job }) => lastAt(parts.counters.of(job))
    case 'failures':
      return ({ job }) => parts.counters.of(job).errorCount
    case 'success_rate':
      return ({ job }) => successRate(parts.counters.of(job))
    case 'name':
      return () => null
  }
}

/** When the last execution ended that is counted, or null. */
export function lastAt({ lastSuccessAt, lastErrorAt }: JobCounters): number | null {
  return lastSuccessAt === null ? lastErrorAt : Math.max(lastSuccessAt, lastErrorAt ?? 0)
}

/** From 0 to 1, or null when nothing has ended. */
export function successRate({ successCount, errorCount }: JobCounters): number | null {
  const count = successCount + errorCount
  return count === 0 ? null : successCount / count
}

/** The jobs that `isWanted`, by name, with how many there are in all; `isWanted` is not told the next fire. */
export async function jobsThat(
  isWanted: (details: JobDetails) => boolean,
  { index, counters, now }: Omit<JobQueryParts, 'runningOf'>,
): Promise<{ readonly total: number; readonly jobs: readonly JobDetails[] }> {
  const all = await index.byName()
  const slice = new TimeSlice()
  const jobs: JobDetails[] = []
  for (const [count, { job, times }] of all.entries()) {
    if (count % 256 === 0 && slice.isOver) await slice.rest()
    const details = { job, counters: counters.of(job), nextAt: null }
    if (isWanted(details)) jobs.push({ ...details, nextAt: job.isDisabled ? null : times.next(now()) })
  }
  return { total: all.length, jobs }
}

export interface TagUse {
  readonly name: string
  readonly value: string
  readonly jobs: number
}

/** The tags that jobs have, the most frequent first, at most `limit`. */
export async function usedTags(index: Pick<JobIndex, 'byName'>, limit: number): Promise<readonly TagUse[]> {
  const uses = new Map<string, { name: string; value: string; jobs: number }>()
  const slice = new TimeSlice()
  for (const [count, { job }] of (await index.byName()).entries()) {
    if (count % 256 === 0 && slice.isOver) await slice.rest()
    for (const [name, value] of Object.entries(job.tags)) {
      const key = `${name}\n${value}`
      const use = uses.get(key)
      if (use === undefined) uses.set(key, { name, value, jobs: 1 })
      else use.jobs += 1
    }
  }
  return [...uses.values()].sort((a, b) => b.jobs - a.jobs || (a.name < b.name ? -1 : 1)).slice(0, limit)
}
