/** The whole page: frame, routes, and what lies over everything. */
import { Route, Router, Switch } from 'wouter-preact'
import { lazyPage } from './lazy-page.tsx'
import { nameInPath, paths } from './routes.ts'
import { Frame } from './shell/frame.tsx'
import { PageGuard } from './shell/page-guard.tsx'
import { TokenDialog } from './shell/token-dialog.tsx'
import { ButtonLink } from './ui/button.tsx'
import { Confirmations } from './ui/confirm.tsx'
import { Page } from './ui/page.tsx'
import { EmptyState } from './ui/states.tsx'
import { Toasts } from './ui/toast.tsx'

const OverviewPage = lazyPage(async () => (await import('./pages/overview/overview-page.tsx')).OverviewPage)
const JobListPage = lazyPage(async () => (await import('./pages/scheduled/job-list-page.tsx')).JobListPage)
const JobPage = lazyPage(async () => (await import('./pages/scheduled/job-page.tsx')).JobPage)
const JobFormPage = lazyPage(async () => (await import('./pages/scheduled/job-form-page.tsx')).JobFormPage)
const ReplicationListPage = lazyPage(
  async () => (await import('./pages/replication/replication-list-page.tsx')).ReplicationListPage,
)
const ReplicationPage = lazyPage(async () => (await import('./pages/replication/replication-page.tsx')).ReplicationPage)
const NewReplicationPage = lazyPage(
  async () => (await import('./pages/replication/new-replication-page.tsx')).NewReplicationPage,
)
const EditReplicationPage = lazyPage(
  async () => (await import('./pages/replication/edit-replication-page.tsx')).EditReplicationPage,
)
const ClusterPage = lazyPage(async () => (await import('./pages/cluster/cluster-page.tsx')).ClusterPage)

export function App() {
  return (
    <Router base="/ui">
      <Frame>
        <PageGuard>
          <Switch>
            <Route path="/">
              <OverviewPage />
            </Route>
            <Route path="/jobs">
              <JobListPage />
            </Route>
            <Route path={paths.newJob}>
              <JobFormPage key="" name={null} />
            </Route>
            <Route path="/jobs/:name">{() => <JobPage key={named()} name={named()} />}</Route>
            <Route path="/jobs/:name/edit">{() => <JobFormPage key={named()} name={named()} />}</Route>
            <Route path="/replications">
              <ReplicationListPage />
            </Route>
            <Route path={paths.newReplication}>
              <NewReplicationPage />
            </Route>
            <Route path="/replications/:id">{() => <ReplicationPage key={named()} id={named()} />}</Route>
            <Route path="/replications/:id/edit">{() => <EditReplicationPage key={named()} id={named()} />}</Route>
            <Route path="/cluster">
              <ClusterPage />
            </Route>
            <Route>
              <NotFoundPage />
            </Route>
          </Switch>
        </PageGuard>
      </Frame>
      <TokenDialog />
      <Confirmations />
      <Toasts />
    </Router>
  )
}

function named(): string {
  return nameInPath(location.pathname)
}

function NotFoundPage() {
  return (
    <Page title="Nothing here">
      <EmptyState
        title="This page does not exist"
        text="The address may be of something that was deleted or renamed."
        action={<ButtonLink href="/">Go to the overview</ButtonLink>}
      />
    </Page>
  )
}
