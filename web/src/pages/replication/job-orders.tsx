/** Pause, resume and delete, as the list and the job's page order them. */
import { asApiError } from '../../api/api-error.ts'
import { api } from '../../api/client.ts'
import { confirm } from '../../ui/confirm.tsx'
import { toast } from '../../ui/toast.tsx'
import { addressText } from './job-words.ts'
import type { OpsJob } from './wire.ts'

export type OrderedJob = Pick<OpsJob, 'id' | 'name' | 'status' | 'target' | 'stage'>

export function jobPath(id: string): string {
  return `/udup/v1/job/${encodeURIComponent(id)}`
}

export function pauseJob(job: OrderedJob): Promise<boolean> {
  return ordered(() => api.send('POST', `${jobPath(job.id)}/pause`), `${job.name} is paused`)
}

export function resumeJob(job: OrderedJob): Promise<boolean> {
  return ordered(() => api.send('POST', `${jobPath(job.id)}/resume`), `${job.name} goes on`)
}

/** Asks first. */
export async function deleteJob(job: OrderedJob): Promise<boolean> {
  const isSure = await confirm({
    title: `Delete ${job.name}?`,
    text: <WhatDeletingDoes job={job} />,
    action: 'Delete the job',
  })
  if (!isSure) return false
  return ordered(() => api.send('DELETE', jobPath(job.id)), `${job.name} is deleted; its rows at the target stay`)
}

function WhatDeletingDoes({ job }: { readonly job: OrderedJob }) {
  const target = addressText(job.target)
  return (
    <>
      <p>
        <strong>Stays:</strong> every schema, table and row at the target {target}, as they are now.
        {job.stage === 'full' && ' The copy is not over, so they are not yet a state of the source.'}
      </p>
      <p>
        <strong>Goes:</strong> the job, its stream, and what schema <code>millrace</code> at the target holds of it. No
        other job can go on from there: a new one copies everything again, or begins at a position you give it.
      </p>
    </>
  )
}

async function ordered(send: () => Promise<unknown>, done: string): Promise<boolean> {
  try {
    await send()
    toast(done)
    return true
  } catch (error) {
    toast(asApiError(error).message, 'bad')
    return false
  }
}
