/** A new scheduled job, a copy of one, or the change of one. */
import { useEffect, useState } from 'preact/hooks'
import { useLocation, useSearch } from 'wouter-preact'
import type { LiveEvent } from '../../api/event-kinds.ts'
import { useResource } from '../../live/resource.ts'
import { paths } from '../../routes.ts'
import { Button } from '../../ui/button.tsx'
import { Page } from '../../ui/page.tsx'
import { ErrorState, Skeleton } from '../../ui/states.tsx'
import { toast } from '../../ui/toast.tsx'
import { labelOf } from './form-fields.ts'
import { changesOf, draftOf, emptyDraft, type JobDraft, type JsonObject } from './job-draft.ts'
import { JobEditor } from './job-editor.tsx'
import './scheduled.css'
import { jobPath } from './wire.ts'

/** @param name of a stored job; null for a new one, which `?from=NAME` begins as a copy of another */
export function JobFormPage({ name }: { readonly name: string | null }) {
  const from = new URLSearchParams(useSearch()).get('from')
  if (name !== null) return <EditPage name={name} />
  return from === null ? <NewPage base={emptyDraft} /> : <CopyPage from={from} />
}

function NewPage({ base }: { readonly base: JobDraft }) {
  const [, navigate] = useLocation()
  const saved = (name: string) => {
    toast(`${name} was created`)
    navigate(paths.job(name))
  }
  return (
    <Page title="New job" parent={jobsParent}>
      <JobEditor base={base} isStored={false} cancelPath={paths.jobs} onSaved={saved} />
    </Page>
  )
}

function CopyPage({ from }: { readonly from: string }) {
  const stored = useResource<JsonObject>(jobPath(from))
  const draft = storedDraft(stored.data)
  if (draft !== null) return <NewPage base={{ ...draft, name: `${draft.name}-copy`, displayname: '' }} />
  return (
    <Page title="New job" parent={jobsParent}>
      {stored.error === null ? <Skeleton lines={6} /> : <ErrorState error={stored.error} retry={stored.reload} />}
    </Page>
  )
}

function EditPage({ name }: { readonly name: string }) {
  const [, navigate] = useLocation()
  const concerns = (event: LiveEvent) => event.kind === 'scheduled-jobs' && event.data.names.includes(name)
  const stored = useResource<JsonObject>(jobPath(name), [{ kind: 'scheduled-jobs', matches: concerns }])
  const newest = storedDraft(stored.data)
  const [base, setBase] = useState<JobDraft | null>(null)
  useEffect(() => {
    if (base === null && newest !== null) setBase(newest)
  }, [base, newest])
  const saved = () => {
    toast(`${name} was saved`)
    navigate(paths.job(name))
  }
  return (
    <Page title={`Edit ${name}`} parent={{ path: paths.job(name), title: name }}>
      {base === null && stored.error === null && <Skeleton lines={6} />}
      {stored.error !== null && <ErrorState error={stored.error} retry={stored.reload} />}
      {base !== null && (
        <div>
          <ChangedMeanwhile base={base} newest={newest ?? base} onTake={() => setBase(newest)} />
          <JobEditor key={JSON.stringify(base)} base={base} isStored cancelPath={paths.job(name)} onSaved={saved} />
        </div>
      )}
    </Page>
  )
}

interface ChangedMeanwhileProps {
  readonly base: JobDraft
  readonly newest: JobDraft
  readonly onTake: () => void
}

/** Others may change the job while it is edited here. Fields that were not touched here stay theirs. */
function ChangedMeanwhile({ base, newest, onTake }: ChangedMeanwhileProps) {
  const changed = Object.keys(changesOf(base, newest)).filter((field) => field !== 'name')
  return (
    <div role="status">
      {changed.length > 0 && (
        <p class="banner is-warn">
          <span>
            Meanwhile somebody changed this job: {changed.map(labelOf).join(', ')}. Saving here replaces only what you
            change yourself.
          </span>
          <Button size="small" onClick={onTake}>
            Begin again with the newest
          </Button>
        </p>
      )}
    </div>
  )
}

const jobsParent = { path: paths.jobs, title: 'Scheduled jobs' }

function storedDraft(answer: JsonObject | undefined): JobDraft | null {
  if (answer === undefined) return null
  const read = draftOf(answer)
  return read.kind === 'draft' ? read.draft : null
}
