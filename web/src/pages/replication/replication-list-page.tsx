/** All replication jobs: what goes where, how far it is, what needs somebody. */
import { useState } from 'preact/hooks'
import { useResource } from '../../live/resource.ts'
import { paths } from '../../routes.ts'
import { ButtonLink } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Select, TextInput } from '../../ui/inputs.tsx'
import { Page } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states.tsx'
import { type Sort, Table } from '../../ui/table.tsx'
import { jobColumns } from './list/job-columns.tsx'
import { jobsShown, type ListChoice, statusChoices } from './list/jobs-shown.ts'
import type { OpsJob } from './wire.ts'
import './replication.css'
import './list/list.css'

const startSort: Sort = { key: 'name', order: 'asc' }

export function ReplicationListPage() {
  const jobs = useResource<{ readonly jobs: readonly OpsJob[] }>('/ops/replication-jobs', [
    { kind: 'replication-jobs' },
  ])
  const all = jobs.data?.jobs
  return (
    <Page
      title="Replication jobs"
      actions={
        <ButtonLink href={paths.newReplication} kind="primary" icon="plus">
          New job
        </ButtonLink>
      }
    >
      {all === undefined && jobs.error !== null && <ErrorState error={jobs.error} retry={jobs.reload} />}
      {all === undefined && jobs.error === null && <Skeleton lines={6} label="Loading the replication jobs" />}
      {all?.length === 0 && <NoJobs />}
      {all !== undefined && all.length > 0 && <Jobs all={all} reload={jobs.reload} />}
    </Page>
  )
}

function NoJobs() {
  return (
    <EmptyState
      icon="replicate"
      title="Nothing is replicated yet"
      text="A replication job copies a MySQL or MariaDB server to another one and then follows every change. You need the address of both servers and an account on each; the next page tells which privileges are missing."
      action={
        <ButtonLink href={paths.newReplication} kind="primary" icon="plus">
          Create the first job
        </ButtonLink>
      }
    />
  )
}

function Jobs({ all, reload }: { readonly all: readonly OpsJob[]; readonly reload: () => void }) {
  const [choice, setChoice] = useState<ListChoice>({ search: '', status: 'all', sort: startSort })
  const shown = jobsShown(all, choice)
  return (
    <Card isFlush>
      <search class="rj-filter">
        <TextInput
          type="search"
          aria-label="Search by name or server"
          placeholder="Search by name or server"
          value={choice.search}
          onInput={(search) => setChoice({ ...choice, search })}
        />
        <Select
          aria-label="Show jobs of status"
          value={choice.status}
          options={statusChoices(all)}
          onChange={(status) => setChoice({ ...choice, status })}
        />
        <span class="rj-filter-count" role="status">
          {countWords(shown.length, all.length)}
        </span>
      </search>
      {shown.length === 0 ? (
        <EmptyState title="No job fits" text="Change the search or the status above." />
      ) : (
        <Table
          caption="Replication jobs"
          columns={jobColumns(reload)}
          rows={shown}
          rowKey={(job) => job.id}
          sort={choice.sort}
          onSort={(sort) => setChoice({ ...choice, sort })}
        />
      )}
    </Card>
  )
}

function countWords(shown: number, all: number): string {
  const jobs = all === 1 ? 'job' : 'jobs'
  return shown === all ? `${all} ${jobs}` : `${shown} of ${all} ${jobs}`
}
