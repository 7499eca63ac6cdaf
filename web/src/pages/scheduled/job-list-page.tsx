/** All scheduled jobs: found, filtered and sorted by the agent, a page at a time. */
import { useState } from 'preact/hooks'
import { useLocation, useSearch } from 'wouter-preact'
import type { LiveEvent } from '../../api/event-kinds.ts'
import { type Resource, useResource } from '../../live/resource.ts'
import { paths } from '../../routes.ts'
import { ButtonLink } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Page } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { BulkBar } from './bulk-bar.tsx'
import { jobColumns } from './job-columns.tsx'
import { ListFilters } from './list-filters.tsx'
import { ListPager, rangeText } from './list-pager.tsx'
import {
  changedQuery,
  isFiltered,
  type ListQuery,
  listAddress,
  listPath,
  pageCount,
  plainQuery,
  readListQuery,
  type SortKey,
  sortedBy,
} from './list-query.ts'
import './scheduled.css'
import { useAgentZone } from './agent-zone.ts'
import { useHeldRows } from './held-rows.ts'
import { useRunNow } from './run-now.ts'
import { StaleNote } from './stale-note.tsx'
import type { JobList, ListedJob, RecentRuns } from './wire.ts'

const noRecent: RecentRuns['jobs'] = {}

export function JobListPage() {
  const query = readListQuery(useSearch())
  const [, navigate] = useLocation()
  const list = useResource<JobList>(listPath(query), [{ kind: 'scheduled-jobs' }, { kind: 'executions' }])
  const change = (next: ListQuery, replace = false) => navigate(`${paths.jobs}${listAddress(next)}`, { replace })
  return (
    <Page
      title="Scheduled jobs"
      actions={
        <ButtonLink href={paths.newJob} kind="primary" icon="plus">
          New job
        </ButtonLink>
      }
    >
      <Card isFlush class="job-list">
        <ListFilters query={query} onChange={(filters) => change(changedQuery(query, filters), 'search' in filters)} />
        {list.data === undefined ? (
          <FirstLoad list={list} />
        ) : (
          <Listed list={list} data={list.data} query={query} onQuery={change} />
        )}
      </Card>
    </Page>
  )
}

function FirstLoad({ list }: { readonly list: Resource<JobList> }) {
  if (list.error !== null) return <ErrorState error={list.error} retry={list.reload} />
  return (
    <div class="card-body">
      <Skeleton lines={8} label="Loading the jobs" />
    </div>
  )
}

interface ListedProps {
  readonly list: Resource<JobList>
  readonly data: JobList
  readonly query: ListQuery
  readonly onQuery: (query: ListQuery) => void
}

function Listed({ list, data, query, onQuery }: ListedProps) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const held = useHeldRows(data.jobs, listPath(query))
  const recent = useRecentRuns(data.jobs)
  const agentZone = useAgentZone()
  const runNow = useRunNow()
  if (list.error !== null && list.error.status === 422) return <ErrorState error={list.error} retry={list.reload} />
  if (data.total === 0) return <NoJobs />
  const isBeyond = data.jobs.length === 0 && data.matched > 0
  return (
    <>
      <StaleNote error={list.error} />
      <BulkBar
        selected={selected}
        range={rangeText(query, data.matched, data.total)}
        query={query}
        matched={data.matched}
        onSelect={setSelected}
        onDone={() => {
          held.release()
          list.reload()
        }}
      />
      {data.matched === 0 && <NoneMatching query={query} onQuery={onQuery} />}
      {isBeyond && <BeyondEnd query={query} matched={data.matched} onQuery={onQuery} />}
      {data.jobs.length > 0 && (
        <div {...held.handlers}>
          <Table<ListedJob>
            caption="Scheduled jobs"
            columns={jobColumns({ recent, agentZone, isBusy: runNow.isBusy, onRun: runNow.run })}
            rows={held.rows}
            rowKey={({ name }) => name}
            rowClass={({ disabled }) => (disabled ? 'is-off' : '')}
            sort={{ key: query.sort, order: query.order }}
            onSort={({ key }) => onQuery(sortedBy(query, key as SortKey))}
            selected={selected}
            onSelect={setSelected}
          />
        </div>
      )}
      <ListPager query={query} matched={data.matched} onChange={(to) => onQuery(changedQuery(query, to))} />
    </>
  )
}

/** Read again when one of the shown jobs ran. */
function useRecentRuns(jobs: readonly ListedJob[]): RecentRuns['jobs'] {
  const names = jobs.map(({ name }) => name)
  const shown = new Set(names)
  const concerns = (event: LiveEvent) =>
    event.kind === 'executions' && (event.data.more || event.data.items.some(({ job }) => shown.has(job)))
  const path = names.length === 0 ? null : recentPath(names)
  return useResource<RecentRuns>(path, [{ kind: 'executions', matches: concerns }]).data?.jobs ?? noRecent
}

/** What a server takes as an address is bounded: of very long names the last have no bars. */
const longestPath = 7_500

function recentPath(names: readonly string[]): string {
  let path = '/ops/scheduled-jobs/recent?'
  for (const name of names.toSorted()) {
    const word = `names=${encodeURIComponent(name)}&`
    if (path.length + word.length <= longestPath) path += word
  }
  return path.slice(0, -1)
}

function NoJobs() {
  return (
    <EmptyState
      icon="clock"
      title="No jobs yet"
      text="A job is a command, a schedule and the nodes it runs on. Every agent of the cluster shows the same list."
      action={
        <ButtonLink href={paths.newJob} kind="primary" icon="plus">
          Create the first job
        </ButtonLink>
      }
    />
  )
}

interface QueryProps {
  readonly query: ListQuery
  readonly onQuery: (query: ListQuery) => void
}

function NoneMatching({ query, onQuery }: QueryProps) {
  if (!isFiltered(query)) return null
  return (
    <EmptyState
      icon="search"
      title="No job matches"
      text="The search looks at names and commands."
      action={
        <button type="button" class="button is-plain is-normal" onClick={() => onQuery(plainQuery)}>
          Show all jobs
        </button>
      }
    />
  )
}

function BeyondEnd({ query, matched, onQuery }: QueryProps & { readonly matched: number }) {
  const last = pageCount(matched, query.size)
  return (
    <EmptyState
      title={`There is no page ${query.page}`}
      text="Jobs were deleted, or the address is of a longer list."
      action={
        <button
          type="button"
          class="button is-plain is-normal"
          onClick={() => onQuery(changedQuery(query, { page: last }))}
        >
          Go to the last page
        </button>
      }
    />
  )
}
