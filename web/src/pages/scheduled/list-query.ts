/**
 * What the list of jobs shows, as the address bar has it and as the agent is asked for it.
 *
 * Easy to get wrong: an address may come from anywhere, so what is not understood falls back to the default; and what is
 * the default is left out, so that the plain list has a plain address.
 */
export const statuses = ['failing', 'succeeding', 'running', 'disabled', 'never'] as const
export const sortKeys = ['name', 'next', 'last', 'failures', 'success_rate'] as const
export const pageSizes = [25, 50, 100] as const

export type JobStatus = (typeof statuses)[number]
export type SortKey = (typeof sortKeys)[number]

export interface ListQuery {
  readonly search: string
  readonly status: JobStatus | ''
  /** `role` or `role=web`; empty for all. */
  readonly tag: string
  readonly sort: SortKey
  readonly order: 'asc' | 'desc'
  /** From 1. */
  readonly page: number
  readonly size: number
}

export const plainQuery: ListQuery = {
  search: '',
  status: '',
  tag: '',
  sort: 'name',
  order: 'asc',
  page: 1,
  size: 50,
}

const longestText = 200

/** @param search the query part of an address, with or without its question mark */
export function readListQuery(search: string): ListQuery {
  const given = new URLSearchParams(search)
  return {
    search: (given.get('search') ?? '').slice(0, longestText),
    status: oneOf(statuses, given.get('status')) ?? '',
    tag: (given.get('tag') ?? '').slice(0, longestText),
    sort: oneOf(sortKeys, given.get('sort')) ?? plainQuery.sort,
    order: oneOf(['asc', 'desc'] as const, given.get('order')) ?? plainQuery.order,
    page: pageOf(given.get('page')),
    size: pageSizes.find((size) => String(size) === given.get('size')) ?? plainQuery.size,
  }
}

/** The query part of the page's own address: empty, or with its question mark. */
export function listAddress(query: ListQuery): string {
  const words = new URLSearchParams()
  for (const name of Object.keys(plainQuery) as (keyof ListQuery)[])
    if (query[name] !== plainQuery[name]) words.set(name, String(query[name]))
  const text = words.toString()
  return text === '' ? '' : `?${text}`
}

/** What the agent is asked for. */
export function listPath({ search, status, tag, sort, order, page, size }: ListQuery): string {
  const words = new URLSearchParams()
  for (const [name, value] of Object.entries({ search: search.trim(), status, tag: tag.trim() }))
    if (value !== '') words.set(name, value)
  words.set('sort', sort)
  words.set('order', order)
  words.set('offset', String((page - 1) * size))
  words.set('limit', String(size))
  return `/ops/scheduled-jobs?${words}`
}

/** Another filter, order or size begins at the first page again. */
export function changedQuery(query: ListQuery, change: Partial<ListQuery>): ListQuery {
  return { ...query, page: 1, ...change }
}

/** The order after a click on a column: the other way round for the same one, the useful way first for another one. */
export function sortedBy(query: ListQuery, sort: SortKey): ListQuery {
  if (query.sort === sort) return changedQuery(query, { order: query.order === 'asc' ? 'desc' : 'asc' })
  const isMostFirst = sort === 'last' || sort === 'failures'
  return changedQuery(query, { sort, order: isMostFirst ? 'desc' : 'asc' })
}

export function isFiltered({ search, status, tag }: ListQuery): boolean {
  return search.trim() !== '' || status !== '' || tag.trim() !== ''
}

/** At least one page, so that an empty list has a first one. */
export function pageCount(matched: number, size: number): number {
  return Math.max(1, Math.ceil(matched / size))
}

function oneOf<const Word extends string>(words: readonly Word[], text: string | null): Word | undefined {
  return words.find((word) => word === text)
}

function pageOf(text: string | null): number {
  return text !== null && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1
}
