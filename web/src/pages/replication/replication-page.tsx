/** One replication job. */
import { Page } from '../../ui/page.tsx'
import { EmptyState } from '../../ui/states.tsx'

export function ReplicationPage({ id }: { readonly id: string }) {
  return (
    <Page title={id}>
      <EmptyState title="Nothing to see yet" />
    </Page>
  )
}
