/** A new scheduled job, or the change of one. */
import { Page } from '../../ui/page.tsx'
import { EmptyState } from '../../ui/states.tsx'

export function JobFormPage({ name }: { readonly name: string | null }) {
  return (
    <Page title={name ?? 'New job'}>
      <EmptyState title="Nothing to see yet" />
    </Page>
  )
}
