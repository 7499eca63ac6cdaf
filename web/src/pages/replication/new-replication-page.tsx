/** A new replication job, by steps. */
import { Page } from '../../ui/page.tsx'
import { EmptyState } from '../../ui/states.tsx'

export function NewReplicationPage() {
  return (
    <Page title="New replication">
      <EmptyState title="Nothing to see yet" />
    </Page>
  )
}
