/** All scheduled jobs. */
import { Page } from '../../ui/page.tsx'
import { EmptyState } from '../../ui/states.tsx'

export function JobListPage() {
  return (
    <Page title="Scheduled jobs">
      <EmptyState title="Nothing to see yet" />
    </Page>
  )
}
