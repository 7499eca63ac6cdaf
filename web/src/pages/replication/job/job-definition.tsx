/** What the job was told to do, and the same as JSON for the command line. */
import { useEffect, useRef } from 'preact/hooks'
import { useResource } from '../../../live/resource.ts'
import { Card } from '../../../ui/card.tsx'
import { Code } from '../../../ui/code.tsx'
import { ErrorState, Skeleton } from '../../../ui/states.tsx'
import { draftOf } from '../draft/job-draft.ts'
import { jobOf } from '../draft/job-json.ts'
import { DraftSummary } from '../form/draft-summary.tsx'
import { jobPath } from '../job-orders.tsx'
import type { WireJob } from '../wire.ts'

export interface JobDefinitionProps {
  readonly id: string
  /** When it was saved last: then it is read again. */
  readonly updatedAt: string
  readonly notes: readonly string[]
}

export function JobDefinition({ id, updatedAt, notes }: JobDefinitionProps) {
  const { data, error, reload } = useResource<WireJob>(jobPath(id))
  const shownAt = useRef(updatedAt)
  useEffect(() => {
    if (shownAt.current !== updatedAt) reload()
    shownAt.current = updatedAt
  }, [updatedAt, reload])
  return (
    <Card title="Definition">
      {data === undefined && error !== null && <ErrorState error={error} retry={reload} />}
      {data === undefined && error === null && <Skeleton lines={5} />}
      {data !== undefined && <Defined job={data} notes={notes} />}
    </Card>
  )
}

function Defined({ job, notes }: { readonly job: WireJob; readonly notes: readonly string[] }) {
  const draft = draftOf(job, [])
  return (
    <div class="stack">
      <DraftSummary draft={draft} />
      {notes.length > 0 && (
        <ul class="rj-notes">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <details>
        <summary>As JSON, for millrace replication apply</summary>
        <Code text={JSON.stringify(jobOf(draft), null, 2)} isBlock canCopy />
      </details>
    </div>
  )
}
