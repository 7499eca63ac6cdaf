/** All replication jobs. */
import { Page } from '../../ui/page.tsx'
import { EmptyState } from '../../ui/states.tsx'

export function ReplicationListPage() {
  return (
    <Page title="Replication">
      <EmptyState title="Nothing to see yet" />
    </Page>
  )
}
