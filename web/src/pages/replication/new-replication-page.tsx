/** A new replication job, by steps. */
import { paths } from '../../routes.ts'
import { Page } from '../../ui/page.tsx'
import { newDraft } from './draft/job-draft.ts'
import { JobForm } from './form/job-form.tsx'
import './replication.css'
import './form/form.css'
import './form/picker.css'

export function NewReplicationPage() {
  return (
    <Page title="New replication job" parent={{ path: paths.replications, title: 'Replication jobs' }}>
      <JobForm initial={newDraft} />
    </Page>
  )
}
