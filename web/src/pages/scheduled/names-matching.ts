/** The names of all jobs that a filter finds, for doing something with all of them. */
import { api } from '../../api/client.ts'
import { type ListQuery, listPath } from './list-query.ts'
import type { JobList } from './wire.ts'

/** What one bulk action takes at most. */
export const mostSelected = 10_000

const atOnce = 500

/** @throws ApiError */
export async function namesMatching(query: ListQuery): Promise<readonly string[]> {
  const names = new Set<string>()
  for (let page = 1; names.size < mostSelected; page += 1) {
    // By name, an order that does not change while the pages are read.
    const { jobs } = await api.get<JobList>(listPath({ ...query, sort: 'name', order: 'asc', page, size: atOnce }))
    for (const { name } of jobs) names.add(name)
    if (jobs.length < atOnce) break
  }
  return [...names].slice(0, mostSelected)
}
