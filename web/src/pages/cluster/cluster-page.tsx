/** Members, leader and NATS. */
import { Page } from '../../ui/page.tsx'
import { EmptyState } from '../../ui/states.tsx'

export function ClusterPage() {
  return (
    <Page title="Cluster">
      <EmptyState title="Nothing to see yet" />
    </Page>
  )
}
