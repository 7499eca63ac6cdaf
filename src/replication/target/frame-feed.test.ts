import { expect, test } from 'vitest'
import type { Position } from '../../binlog/position.ts'
import { FakeClock } from '../../core/clock.ts'
import { encodeFrame } from '../pipe/frame-codec.ts'
import type { FrameSource, StoredFrame } from '../ports.ts'
import { FrameFeed } from './frame-feed.ts'

const at: Position = { kind: 'file', file: 'binlog.000001', offset: 4 }

/** A stream to which a test adds frames, and its reader. */
function feedAt(place: { readonly epoch: number; readonly nextFrame: number }) {
  const clock = new FakeClock(0)
  const released: number[] = []
  const waiting: StoredFrame[] = []
  let wake = () => {}
  let sequence = 0
  const source: FrameSource = {
    async *read(signal) {
      while (!signal.aborted) {
        for (let frame = waiting.shift(); frame !== undefined; frame = waiting.shift()) yield frame
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    release: (frame) => released.push(frame.sequence),
    close: async () => {},
  }
  const feed = new FrameFeed(source, { ...place, nextItem: 0 }, clock)
  const ending = new AbortController()
  void feed.pump(ending.signal)
  const add = (epoch: number, number: number) => {
    sequence += 1
    waiting.push({ sequence, payload: encodeFrame({ epoch, number, before: at, after: at, items: [] }) })
    wake()
  }
  return { feed, clock, add, released }
}

test('frames of an older epoch are given back, and those of our own come in order', async () => {
  const { feed, add, released } = feedAt({ epoch: 5, nextFrame: 0 })
  add(4, 7)
  add(5, 0)
  add(5, 1)
  expect((await feed.next())?.frame).toMatchObject({ epoch: 5, number: 0 })
  expect((await feed.next())?.frame).toMatchObject({ epoch: 5, number: 1 })
  expect(released).toEqual([1])
  add(5, 3)
  await expect(feed.next()).rejects.toMatchObject({ message: expect.stringMatching(/frame 2 of epoch 5 is missing/) })
})

test('a source that goes on in an epoch that is over is asked to begin again, once what it had written is read', async () => {
  const { feed, clock, add } = feedAt({ epoch: 5, nextFrame: 0 })
  const next = feed.next()
  next.catch(() => {})
  await clock.advance(59_000)
  add(4, 7)
  await clock.advance(2_000)
  // Two at hand: the first may have been written long ago.
  add(4, 8)
  add(4, 9)
  await expect(next).rejects.toMatchObject({
    message: 'frames of epoch 4 go on coming, this target stands at 5',
    details: { epoch: 5 },
  })
})

test('what an older writer still says after frames of our own is left out however long it goes on', async () => {
  const { feed, clock, add } = feedAt({ epoch: 5, nextFrame: 0 })
  add(5, 0)
  await feed.next()
  await clock.advance(120_000)
  add(4, 8)
  add(5, 1)
  expect((await feed.next())?.frame).toMatchObject({ epoch: 5, number: 1 })
})
