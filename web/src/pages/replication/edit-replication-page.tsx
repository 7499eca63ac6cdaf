/**
 * A stored replication job, by the same steps.
 *
 * Easy to get wrong: the job is read once; what somebody else saves meanwhile must not change the fields under one's hands.
 */
import { useEffect, useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../../api/api-error.ts'
import { api } from '../../api/client.ts'
import { paths } from '../../routes.ts'
import { Page } from '../../ui/page.tsx'
import { ErrorState, Skeleton } from '../../ui/states.tsx'
import { draftOf, type JobDraft } from './draft/job-draft.ts'
import { JobForm } from './form/job-form.tsx'
import { jobPath } from './job-orders.tsx'
import type { WireJob, WireNode } from './wire.ts'
import './replication.css'
import './form/form.css'
import './form/picker.css'

export function EditReplicationPage({ id }: { readonly id: string }) {
  const [draft, setDraft] = useState<JobDraft | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const load = () => {
    setError(null)
    loadDraft(id).then(setDraft, (reason: unknown) => setError(asApiError(reason)))
  }
  useEffect(load, [id])
  return (
    <Page
      title={draft === null ? 'Edit a replication job' : `Edit ${draft.name}`}
      parent={{ path: paths.replication(id), title: 'Back to the job' }}
    >
      {error !== null && <ErrorState error={error} retry={load} />}
      {error === null && draft === null && <Skeleton lines={8} />}
      {draft !== null && <JobForm initial={draft} />}
    </Page>
  )
}

async function loadDraft(id: string): Promise<JobDraft> {
  const [job, nodes] = await Promise.all([
    api.get<WireJob>(jobPath(id)),
    api.get<readonly WireNode[]>('/udup/v1/nodes'),
  ])
  return draftOf(
    job,
    nodes.map(({ NatsAddr }) => NatsAddr),
  )
}
