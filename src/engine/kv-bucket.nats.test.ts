import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { ConflictError, InvalidError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import type { BucketChange } from '../model/bucket.ts'
import { type Connection, openConnection } from './connection.ts'
import { openBucket } from './kv-bucket.ts'

let nats: TestNats
let connection: Connection

beforeAll(async () => {
  nats = await startNats()
  connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
})

afterAll(async () => {
  await connection.close()
  await nats[Symbol.asyncDispose]()
})

const open = (name: string, storage: 'file' | 'memory' = 'file') =>
  openBucket<{ n: number }>(connection, { name, storage })

test('a record is created once, and updated only from its newest revision', async () => {
  const bucket = await open('cas')
  const first = await bucket.create('job', { n: 1 })
  await expect(bucket.create('job', { n: 2 })).rejects.toBeInstanceOf(ConflictError)
  const second = await bucket.update('job', { n: 3 }, first)
  await expect(bucket.update('job', { n: 4 }, first)).rejects.toBeInstanceOf(ConflictError)
  expect(await bucket.get('job')).toEqual({ key: 'job', value: { n: 3 }, revision: second })
})

test('a deleted record is gone, can be created again, and is only deleted from its newest revision', async () => {
  const bucket = await open('deletes')
  const revision = await bucket.create('job', { n: 1 })
  await expect(bucket.delete('job', revision + 99)).rejects.toBeInstanceOf(ConflictError)
  await bucket.delete('job', revision)
  expect(await bucket.get('job')).toBeNull()
  await bucket.delete('job')
  await bucket.delete('never there')
  await bucket.create('job', { n: 2 })
  expect((await bucket.get('job'))?.value).toEqual({ n: 2 })
})

test('of many updates from one revision exactly one wins', async () => {
  const bucket = await open('race')
  const revision = await bucket.create('job', { n: 0 })
  const tries = Array.from({ length: 20 }, (_, n) => bucket.update('job', { n }, revision))
  const results = await Promise.allSettled(tries)
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
})

test.each(['a.b.c', '*', '>', 'with blank', 'Grüße/ü', '=2E', '日本'])('the key %j is stored as it is', async (key) => {
  const bucket = await open('keys')
  await bucket.put(key, { n: 1 })
  expect((await bucket.get(key))?.key).toBe(key)
  expect((await bucket.list()).map((record) => record.key)).toContain(key)
})

test('an empty key is refused', async () => {
  const bucket = await open('keys')
  await expect(bucket.get('')).rejects.toBeInstanceOf(InvalidError)
})

test('a watch tells every record, then ready, then every change', async () => {
  const bucket = await open('watched')
  await bucket.put('a', { n: 1 })
  await bucket.put('b', { n: 2 })
  const told = new Collector((signal) => bucket.watch(signal))
  await told.waitFor((changes) => changes.some((change) => change.kind === 'ready'))
  await bucket.put('a', { n: 3 })
  await bucket.delete('b')
  await told.waitFor((changes) => changes.length === 5)
  expect(told.changes.map((change) => [change.kind, 'key' in change ? change.key : null])).toEqual([
    ['put', 'a'],
    ['put', 'b'],
    ['ready', null],
    ['put', 'a'],
    ['delete', 'b'],
  ])
  await told.stop()
})

test('the last revision is that of the last write, to whatever record', async () => {
  const bucket = await open('last')
  expect(await bucket.lastRevision()).toBe(0)
  await bucket.put('a', { n: 1 })
  const second = await bucket.put('b.c', { n: 2 })
  expect(await bucket.lastRevision()).toBe(second)
  await bucket.delete('a')
  expect(await bucket.lastRevision()).toBe(second + 1)
})

test('a watch of an empty bucket is ready at once', async () => {
  const bucket = await open('empty')
  expect(await bucket.list()).toEqual([])
})

test('a server killed with -9 loses no acknowledged write, and a watch goes on with neither gap nor second ready', async () => {
  const bucket = await open('killed')
  const told = new Collector((signal) => bucket.watch(signal))
  const acknowledged: string[] = []
  const writing = (async () => {
    for (let n = 0; n < 600; n += 1) {
      await bucket.create(`key-${n}`, { n })
      acknowledged.push(`key-${n}`)
    }
  })()
  for (const threshold of [100, 300]) {
    await eventually(() => acknowledged.length > threshold, 20_000)
    await nats.kill()
    await sleep(50)
    await nats.start()
  }
  await writing
  await told.waitFor((changes) => changes.filter((change) => change.kind === 'put').length >= 600)
  const puts = told.changes.flatMap((change) => (change.kind === 'put' ? [change.key] : []))
  expect(puts).toEqual(acknowledged)
  expect(told.changes.filter((change) => change.kind === 'ready')).toHaveLength(1)
  expect(await bucket.list()).toHaveLength(600)
  await told.stop()
})

test('a memory bucket is made again after a restart, and its watch tells what went', async () => {
  const bucket = await open('volatile', 'memory')
  await bucket.put('stays', { n: 1 })
  await bucket.put('goes', { n: 1 })
  const told = new Collector((signal) => bucket.watch(signal))
  await told.waitFor((changes) => changes.some((change) => change.kind === 'ready'))
  await nats.kill()
  await nats.start()
  await bucket.put('stays', { n: 2 })
  await told.waitFor((changes) => changes.some((change) => change.kind === 'delete' && change.key === 'goes'))
  expect(await bucket.get('goes')).toBeNull()
  expect((await bucket.get('stays'))?.value).toEqual({ n: 2 })
  expect(told.changes.filter((change) => change.kind === 'ready')).toHaveLength(1)
  await told.stop()
})

test('10,000 records are listed within two seconds', async () => {
  const bucket = await open('many')
  const value = { n: 1, padding: 'x'.repeat(400) }
  for (let start = 0; start < 10_000; start += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, n) => bucket.put(`job-${start + n}`, value)))
  }
  const startedMs = performance.now()
  expect(await bucket.list()).toHaveLength(10_000)
  const tookMs = performance.now() - startedMs
  console.log(`10,000 records listed in ${tookMs.toFixed(0)} ms`)
  expect(tookMs).toBeLessThan(2_000)
})

/** Follows a watch in the background. */
class Collector {
  readonly changes: BucketChange<{ n: number }>[] = []
  readonly #abort = new AbortController()
  readonly #running: Promise<void>

  constructor(watch: (signal: AbortSignal) => AsyncIterable<BucketChange<{ n: number }>>) {
    this.#running = (async () => {
      for await (const change of watch(this.#abort.signal)) this.changes.push(change)
    })()
  }

  async waitFor(check: (changes: readonly BucketChange<{ n: number }>[]) => boolean): Promise<void> {
    await eventually(() => check(this.changes), 20_000, 'the watch')
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#running
  }
}
