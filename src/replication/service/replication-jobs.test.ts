import { expect, onTestFinished, test, vi } from 'vitest'
import { MemoryBucket } from '../../../test/doubles/memory-bucket.ts'
import { draftTask, jobDraft } from '../../../test/doubles/replication-jobs.ts'
import { FakeClock } from '../../core/clock.ts'
import { InvalidError, NotFoundError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import { SecretBox } from '../../core/secret-box.ts'
import type { ReplicationJob } from '../../model/replication-job.ts'
import { BucketView } from './bucket-view.ts'
import type { JobDraft, PasswordDraft } from './job-draft.ts'
import { type NameClaim, NameClaims } from './name-claims.ts'
import { ReplicationJobs } from './replication-jobs.ts'

const secrets = new SecretBox(Buffer.alloc(32, 7))

/** A cluster of one store; `node` makes another agent on it. */
function cluster() {
  const bucket = new MemoryBucket<ReplicationJob>()
  const claims = new MemoryBucket<NameClaim>()
  const clock = new FakeClock(1_000)
  const node = () => {
    const view = new BucketView(bucket, clock)
    const ending = new AbortController()
    onTestFinished(() => ending.abort())
    view.run(ending.signal, silentLog).catch(() => undefined)
    const removed: ReplicationJob[] = []
    const names = new NameClaims(claims)
    const jobs = new ReplicationJobs({
      jobs: view,
      names,
      secrets,
      isKnownNode: (id) => id === 'n1',
      clock,
      onRemoved: (job) => removed.push(job),
    })
    return { jobs, removed }
  }
  return { ...node(), bucket, claims, clock, node }
}

function withPassword(password: PasswordDraft): Partial<JobDraft> {
  const source = draftTask('source')
  return { source: { ...source, server: { ...source.server, password } } }
}

test('a new job gets an id of its own and can be found by it and by its name', async () => {
  const { jobs } = cluster()
  const saved = await jobs.save(jobDraft())
  expect(saved.key).toMatch(/^[0-9a-f-]{36}$/)
  expect(await jobs.get(saved.key)).toEqual(saved)
  expect(await jobs.get('orders')).toEqual(saved)
  expect(await jobs.list()).toEqual([saved])
})

test('what this node knows can be looked at while the store does not answer', async () => {
  const { jobs, bucket, claims } = cluster()
  const saved = await jobs.save(jobDraft())
  vi.spyOn(bucket, 'get').mockReturnValue(new Promise(() => {}))
  vi.spyOn(claims, 'get').mockReturnValue(new Promise(() => {}))
  for (const key of [saved.key, 'orders']) expect(await jobs.get(key)).toEqual(saved)
})

test('what is stored holds no password in clear, and opens with the key alone', async () => {
  const { jobs, bucket } = cluster()
  const { key } = await jobs.save(jobDraft())
  expect(JSON.stringify(await bucket.list())).not.toContain('planted')
  const password = (await bucket.get(key))?.value.source.server.password
  expect(password?.kind === 'sealed' && secrets.open(password.box)).toBe('planted-source')
})

test('a given id is kept, and saving by the same name updates that job', async () => {
  const { jobs, clock } = cluster()
  await jobs.save(jobDraft({ id: 'mine' }))
  await clock.advance(500)
  const updated = await jobs.save(jobDraft({ source: draftTask('source', { parallelWorkers: 9 }) }))
  expect(updated.value).toMatchObject({
    id: 'mine',
    createdAt: 1_000,
    updatedAt: 1_500,
    source: { parallelWorkers: 9 },
  })
  expect(await jobs.list()).toHaveLength(1)
})

test('saving what is stored already changes nothing, a password typed again included', async () => {
  const { jobs, clock } = cluster()
  const first = await jobs.save(jobDraft())
  await clock.advance(500)
  expect(await jobs.save(jobDraft())).toEqual(first)
})

test('a job that is changed twice in one millisecond has two definitions', async () => {
  const { jobs } = cluster()
  const first = await jobs.save(jobDraft())
  const second = await jobs.save(jobDraft({ kind: 'migration' }))
  expect(second.value.updatedAt).toBeGreaterThan(first.value.updatedAt)
})

test('a masked password keeps the stored one, another one replaces it', async () => {
  const { jobs } = cluster()
  const first = await jobs.save(jobDraft())
  const kept = await jobs.save(jobDraft({ kind: 'migration', ...withPassword({ kind: 'keep' }) }))
  expect(kept.value.source.server.password).toEqual(first.value.source.server.password)
  const changed = await jobs.save(jobDraft(withPassword({ kind: 'environment', name: 'PW' })))
  expect(changed.value.source.server.password).toEqual({ kind: 'environment', name: 'PW' })
})

test('a stored password of whatever form goes to another server only when it is given again', async () => {
  const { jobs } = cluster()
  for (const password of [
    { kind: 'clear', text: 'planted' },
    { kind: 'environment', name: 'PW' },
    { kind: 'file', path: '/pw' },
  ] as const) {
    const first = await jobs.save(jobDraft(withPassword(password)))
    const moved = (secret: PasswordDraft) => {
      const { source, ...rest } = jobDraft(withPassword(secret))
      return { ...rest, source: { ...source, server: { ...source.server, host: 'other.example' } } }
    }
    for (const id of [null, first.key]) {
      const refused = { ...moved({ kind: 'keep' }), id }
      await expect(jobs.save(refused)).rejects.toThrow(/source\.server\.password: must be given again/)
      await expect(jobs.preview(refused)).rejects.toBeInstanceOf(InvalidError)
    }
    expect(await jobs.get(first.key)).toEqual(first)
    expect((await jobs.save(moved(password))).value.source.server.host).toBe('other.example')
    await jobs.remove(first.key)
  }
})

test('a job that is refused leaves nothing behind', async () => {
  const { jobs, bucket, claims } = cluster()
  const refused = jobs.save(jobDraft({ source: draftTask('source', { nodeId: 'nowhere' }) }))
  await expect(refused).rejects.toBeInstanceOf(InvalidError)
  expect([await bucket.list(), await claims.list()]).toEqual([[], []])
})

test('a job is renamed by its id, and its old name is free again', async () => {
  const { jobs } = cluster()
  const first = await jobs.save(jobDraft({ id: 'j1' }))
  await jobs.save(jobDraft({ id: 'j1', name: 'renamed' }))
  await expect(jobs.get('orders')).rejects.toBeInstanceOf(NotFoundError)
  expect((await jobs.get('renamed')).key).toBe(first.key)
  expect((await jobs.save(jobDraft())).key).not.toBe(first.key)
})

test('a name that another job has is refused', async () => {
  const { jobs } = cluster()
  await jobs.save(jobDraft({ id: 'j1' }))
  await expect(jobs.save(jobDraft({ id: 'j2' }))).rejects.toThrow(/name: is the name of job j1/)
  await jobs.save(jobDraft({ id: 'j2', name: 'other' }))
  await expect(jobs.save(jobDraft({ id: 'j2' }))).rejects.toThrow(/name: is the name of job j1/)
})

test.each([1, 2, 3, 4, 5])(
  'two nodes that create one name at the same moment make one job, interleaving %i',
  async (steps) => {
    const { jobs, node, bucket, claims } = cluster()
    let count = 0
    const yieldSometimes = async () => {
      count += 1
      for (let turn = 0; turn < (count * steps) % 7; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    }
    bucket.beforeWrite = yieldSometimes
    claims.beforeWrite = yieldSometimes
    const both = [jobs.save(jobDraft({ id: 'a' })), node().jobs.save(jobDraft({ id: 'b' }))]
    const results = await Promise.allSettled(both)
    const stored = await bucket.list()
    expect(stored.map((job) => job.value.name)).toEqual(['orders'])
    expect((await claims.get('orders'))?.value.jobId).toBe(stored[0]?.key)
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  },
)

test('a name that a dead node only claimed can be had', async () => {
  const { jobs, claims } = cluster()
  await claims.create('orders', { jobId: 'never-written' })
  const saved = await jobs.save(jobDraft())
  expect((await claims.get('orders'))?.value.jobId).toBe(saved.key)
})

test('pausing is idempotent, and is not a new definition', async () => {
  const { jobs } = cluster()
  const first = await jobs.save(jobDraft())
  const paused = await jobs.pause('orders')
  expect(paused.value).toEqual({ ...first.value, isPaused: true })
  expect(await jobs.pause('orders')).toEqual(paused)
  const resumed = await jobs.resume(first.key)
  expect(resumed.value).toEqual(first.value)
  expect(await jobs.resume('orders')).toEqual(resumed)
})

test('a paused job that is updated stays paused', async () => {
  const { jobs } = cluster()
  await jobs.save(jobDraft())
  await jobs.pause('orders')
  expect((await jobs.save(jobDraft({ kind: 'migration' }))).value.isPaused).toBe(true)
})

test('pausing and saving at the same time loses neither', async () => {
  const { jobs, node } = cluster()
  await jobs.save(jobDraft())
  await Promise.all([jobs.pause('orders'), node().jobs.save(jobDraft({ kind: 'migration' }))])
  expect((await jobs.get('orders')).value).toMatchObject({ isPaused: true, kind: 'migration' })
})

test('a removed job is gone, its name is free, and it is told as it last was', async () => {
  const { jobs, removed, claims } = cluster()
  const saved = await jobs.save(jobDraft())
  expect(await jobs.remove('orders')).toEqual(saved)
  expect(removed).toEqual([saved.value])
  expect(await claims.list()).toEqual([])
  await expect(jobs.get(saved.key)).rejects.toThrow(/no replication job/)
  await expect(jobs.remove('orders')).rejects.toBeInstanceOf(NotFoundError)
  expect(await jobs.list()).toEqual([])
})

test('a node that has not heard of a job yet asks the store', async () => {
  const { jobs, node } = cluster()
  const other = node()
  const saved = await jobs.save(jobDraft())
  expect(await other.jobs.get('orders')).toEqual(saved)
  expect(await other.jobs.get(saved.key)).toEqual(saved)
})

test.each(['', 'x'.repeat(300), '../..', 'no such job'])('a job that is not there is not found: %j', async (name) => {
  await expect(cluster().jobs.get(name)).rejects.toBeInstanceOf(NotFoundError)
})
