import { expect, onTestFinished, test } from 'vitest'
import { MemoryBucket } from '../../../test/doubles/memory-bucket.ts'
import { FakeClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import type { Bucket, BucketChange } from '../../model/bucket.ts'
import { BucketView } from './bucket-view.ts'

function follow<Value>(bucket: Bucket<Value>, clock = new FakeClock(0)): BucketView<Value> {
  const view = new BucketView(bucket, clock)
  const ending = new AbortController()
  onTestFinished(() => ending.abort())
  view.run(ending.signal, silentLog).catch(() => undefined)
  return view
}

test('a view holds what was there and what comes', async () => {
  const bucket = new MemoryBucket<string>()
  await bucket.create('a', 'one')
  const view = follow(bucket)
  await view.whenReady()
  expect(view.get('a')?.value).toBe('one')
  await bucket.create('b', 'two')
  await bucket.delete('a')
  await settled()
  expect(view.list().map((record) => record.value)).toEqual(['two'])
})

test('what this node wrote is there at once, and older news do not undo it', async () => {
  const watched = handFedBucket()
  const view = follow(watched.bucket)
  await watched.tell({ kind: 'put', key: 'a', value: 'old', revision: 3 }, { kind: 'ready' })
  view.noteWrite({ key: 'a', value: 'mine', revision: 5 })
  await watched.tell({ kind: 'put', key: 'a', value: 'stale', revision: 4 })
  expect(view.get('a')?.value).toBe('mine')
  await watched.tell({ kind: 'put', key: 'a', value: 'newer', revision: 6 })
  expect(view.get('a')?.value).toBe('newer')
})

test('what somebody wrote who should not have any more leaves the record that is there', async () => {
  const watched = handFedBucket()
  const view = new BucketView(watched.bucket, new FakeClock(0), (record, held) => record < held)
  const ending = new AbortController()
  onTestFinished(() => ending.abort())
  view.run(ending.signal, silentLog).catch(() => undefined)
  const put = (value: string, revision: number) => ({ kind: 'put', key: 'a', value, revision }) as const
  await watched.tell(put('term 2', 3), { kind: 'ready' }, put('term 1', 4))
  expect(view.get('a')?.value).toBe('term 2')
  await watched.tell(put('term 3', 5))
  expect(view.get('a')?.value).toBe('term 3')
})

test('what this node deleted does not come back with older news', async () => {
  const watched = handFedBucket()
  const view = follow(watched.bucket)
  await watched.tell({ kind: 'ready' })
  view.noteDelete('a', 5)
  await watched.tell({ kind: 'put', key: 'a', value: 'stale', revision: 5 })
  expect(view.get('a')).toBeUndefined()
  await watched.tell({ kind: 'delete', key: 'a', revision: 6 }, { kind: 'put', key: 'a', value: 'again', revision: 7 })
  expect(view.get('a')?.value).toBe('again')
})

test('a watch that breaks begins anew, and what was deleted meanwhile goes', async () => {
  const watched = handFedBucket()
  const clock = new FakeClock(0)
  const view = follow(watched.bucket, clock)
  await watched.tell({ kind: 'put', key: 'a', value: 'x', revision: 1 })
  await watched.tell({ kind: 'put', key: 'b', value: 'y', revision: 2 }, { kind: 'ready' })
  await watched.break()
  await clock.advance(5_000)
  await watched.tell({ kind: 'put', key: 'b', value: 'y', revision: 2 }, { kind: 'ready' })
  expect(view.list().map((record) => record.key)).toEqual(['b'])
})

test('the age of a record is counted by this node alone', async () => {
  const bucket = new MemoryBucket<string>()
  const clock = new FakeClock(0)
  const view = follow(bucket, clock)
  await bucket.put('a', 'x')
  await settled()
  clock.jump(1e9)
  await clock.advance(700)
  expect(view.silenceMs('a')).toBe(700)
  expect(view.silenceMs('unknown')).toBe(Number.POSITIVE_INFINITY)
})

/** A bucket whose watch says what the test says. */
function handFedBucket() {
  let feed: (item: BucketChange<string> | Error) => void = () => undefined
  const bucket = Object.assign(new MemoryBucket<string>(), {
    async *watch(signal: AbortSignal): AsyncIterable<BucketChange<string>> {
      const waiting: (BucketChange<string> | Error)[] = []
      let wake = () => {}
      feed = (item) => {
        waiting.push(item)
        wake()
      }
      while (!signal.aborted) {
        const item = waiting.shift()
        if (item instanceof Error) throw item
        if (item !== undefined) yield item
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    },
  })
  const tell = async (...changes: readonly BucketChange<string>[]) => {
    for (const change of changes) feed(change)
    await settled()
  }
  const breakWatch = async () => {
    feed(new Error('broken'))
    await settled()
  }
  return { bucket, tell, break: breakWatch }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
