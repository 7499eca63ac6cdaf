import { expect, test } from 'vitest'
import { nameInPath, paths } from './routes.ts'

test.each(['nightly', 'a b', 'a/b', '100%', '50%25', '%2F', 'ü?#&', 'new'])(
  'the address of %j leads back to it',
  (name) => {
    for (const path of [paths.job(name), paths.editJob(name), paths.replication(name)]) {
      expect(path.split('/').length).toBe(path.endsWith('/edit') ? 4 : 3)
      expect(nameInPath(new URL(`http://localhost/ui${path}`).pathname)).toBe(name)
    }
  },
)

test.each(['new', '-', '-/new', ''])('a job named %j has no address of a form for a new one', (name) => {
  const ofJobs = [paths.job(name), paths.editJob(name), paths.replication(name), paths.editReplication(name)]
  for (const path of [paths.newJob, paths.newReplication]) {
    expect(ofJobs).not.toContain(path)
    expect(path.split('/')).toHaveLength(4)
    expect(path).not.toMatch(/\/edit$/)
  }
})

test('an address that somebody mistyped still is a name', () => {
  expect(nameInPath('/ui/jobs/%zz')).toBe('%zz')
})
