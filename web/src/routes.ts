/**
 * The addresses of the pages, below `/ui`. Names may hold anything, so nobody else puts an address together.
 *
 * Easy to get wrong: a job may be called `new`. What is not of one job has a third part that no page of a job has.
 */

export const paths = {
  overview: '/',
  jobs: '/jobs',
  newJob: '/jobs/-/new',
  job: (name: string) => `/jobs/${encodeURIComponent(name)}`,
  editJob: (name: string) => `/jobs/${encodeURIComponent(name)}/edit`,
  replications: '/replications',
  newReplication: '/replications/-/new',
  replication: (id: string) => `/replications/${encodeURIComponent(id)}`,
  editReplication: (id: string) => `/replications/${encodeURIComponent(id)}/edit`,
  cluster: '/cluster',
} as const

/**
 * The name in the address `/ui/jobs/<name>/edit`.
 *
 * Easy to get wrong: the router decodes the whole address before it splits it, which mangles `%`; this reads the address
 * itself.
 *
 * @param pathname `location.pathname`
 */
export function nameInPath(pathname: string): string {
  const part = pathname.split('/')[3] ?? ''
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
