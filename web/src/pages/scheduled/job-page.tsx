/** One scheduled job. */
import { Page } from '../../ui/page.tsx'
import { EmptyState } from '../../ui/states.tsx'

export function JobPage({ name }: { readonly name: string }) {
  return (
    <Page title={name}>
      <EmptyState title="Nothing to see yet" />
    </Page>
  )
}
