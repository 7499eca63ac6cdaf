import { expect, test } from 'vitest'
import type { Frame } from '../pipe/frame.ts'
import { decodeFrame } from '../pipe/frame-codec.ts'
import { FrameWriter } from './frame-writer.ts'

const start = { kind: 'file', file: 'binlog.000001', offset: 4 } as const

test('a transaction that was held back becomes several frames, none larger than a frame may be', async () => {
  const frames: Buffer[] = []
  const writer = new FrameWriter({
    sink: {
      append: async (frame) => {
        frames.push(Buffer.from(frame))
      },
      close: async () => {},
    },
    epoch: 1,
    start,
    frameBytes: 10_000,
    windowFrames: 2,
    windowBytes: 20_000,
  })
  writer.add({ kind: 'begin', gtid: null, serverId: 1 })
  for (let count = 0; count < 100; count += 1) writer.add({ kind: 'event', event: Buffer.alloc(1_000, count) })
  writer.add({ kind: 'event', event: Buffer.alloc(30_000, 200) })
  const end = { ...start, offset: 9_000 }
  writer.add({ kind: 'commit', place: end, committed: { micros: 0n, isExact: true } })
  writer.reach(end)
  await writer.flush()
  const small = frames.filter((frame) => frame.length < 30_000)
  expect(frames.length - small.length).toBe(1)
  expect(Math.max(...small.map((frame) => frame.length))).toBeLessThan(11_000)
  const decoded: Frame[] = frames.map((frame) => decodeFrame(frame))
  expect(decoded.map(({ number }) => number)).toEqual(frames.map((_, index) => index))
  expect(decoded.flatMap(({ items }) => items.map(({ kind }) => kind))).toEqual([
    'begin',
    ...Array.from({ length: 101 }, () => 'event'),
    'commit',
  ])
  expect(decoded.slice(0, -1).every(({ after }) => JSON.stringify(after) === JSON.stringify(start))).toBe(true)
  expect(decoded.at(-1)?.after).toEqual(end)
})

test('a writer is busy while two frames are on their way, and tells when one is stored', async () => {
  const stored: (() => void)[] = []
  const writer = new FrameWriter({
    sink: { append: () => new Promise((resolve) => stored.push(resolve)), close: async () => {} },
    epoch: 1,
    start,
    frameBytes: 10_000,
    windowFrames: 8,
    windowBytes: 1_000_000,
  })
  const send = (offset: number) => {
    writer.reach({ ...start, offset })
    return writer.flush()
  }
  await send(100)
  expect(writer.isBusy).toBe(false)
  await send(200)
  expect(writer.isBusy).toBe(true)
  const told = writer.anyStored()
  stored.shift()?.()
  await told
  expect(writer.isBusy).toBe(false)
  await send(300)
  expect(writer.isBusy).toBe(true)
  writer.fail(new Error('the run ended'))
  expect(writer.isBusy).toBe(false)
  await writer.anyStored()
  await expect(writer.flush()).rejects.toThrow('the run ended')
})
