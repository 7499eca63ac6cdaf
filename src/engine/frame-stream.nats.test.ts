import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { silentLog } from '../core/log.ts'
import type { FrameSink as FrameSinkPort, FrameSource as FrameSourcePort } from '../replication/ports.ts'
import { type Connection, openConnection } from './connection.ts'
import { StaleWriterError } from './errors.ts'
import { type FrameSinkOptions, openFrameSink } from './frame-sink.ts'
import { openFrameSource } from './frame-source.ts'
import { deleteFrameStream, frameStreamInfo } from './frame-stream.ts'

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

type SinkSettings = Partial<Omit<FrameSinkOptions, 'connection' | 'jobId'>>

const openSink = async (jobId: string, settings: SinkSettings = {}) => {
  const sink = await openFrameSink({ connection, jobId, writerId: 'source', ...settings })
  onTestFinished(() => sink.close())
  return sink
}

/** Numbered frames, so that a gap or a repetition shows. */
const numbered = (n: number, sizeBytes = 100): Buffer => {
  const frame = Buffer.alloc(sizeBytes, n & 0xff)
  frame.writeUInt32BE(n)
  return frame
}

/** Reads in the background; `numbers` are the frames as they came. */
class Reader {
  readonly numbers: number[] = []
  readonly #abort = new AbortController()
  readonly #running: Promise<void>

  constructor(source: FrameSourcePort, releases: boolean, pauseMs = 0) {
    onTestFinished(() => this.stop())
    this.#running = (async () => {
      for await (const frame of source.read(this.#abort.signal)) {
        this.numbers.push(Buffer.from(frame.payload).readUInt32BE())
        if (pauseMs > 0) await sleep(pauseMs)
        if (releases) source.release(frame)
      }
    })()
  }

  async waitFor(count: number): Promise<void> {
    await eventually(() => this.numbers.length >= count, 60_000, `${count} frames`)
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#running
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

test('frames come out in the order of the calls, whatever is under way at once', async () => {
  const sink: FrameSinkPort = await openSink('order')
  const source: FrameSourcePort = await openFrameSource({ connection, jobId: 'order' })
  const reader = new Reader(source, true)
  await Promise.all(upTo(2_000).map((n) => sink.append(numbered(n))))
  await reader.waitFor(2_000)
  expect(reader.numbers).toEqual(upTo(2_000))
})

test('a frame larger than a message comes back whole', async () => {
  const sink = await openSink('large')
  const frame = randomBytes(20 * 1024 * 1024)
  await sink.append(frame)
  const source = await openFrameSource({ connection, jobId: 'large' })
  for await (const { payload } of source.read(new AbortController().signal)) {
    expect(hash(payload)).toBe(hash(frame))
    break
  }
  expect((await frameStreamInfo(connection, 'large'))?.messages).toBe(4)
})

test('a server killed with -9 in the middle makes neither gap nor repetition, and loses nothing acknowledged', async () => {
  const jobId = 'killed'
  const sink = await openSink(jobId)
  const reader = new Reader(await openFrameSource({ connection, jobId }), true)
  let acknowledged = 0
  const total = 3_000
  const writing = (async () => {
    for (let start = 0; start < total; start += 50) {
      const batch = upTo(50).map((n) => sink.append(numbered(start + n, 20_000)))
      await Promise.all(batch)
      acknowledged += 50
    }
  })()
  for (const threshold of [300, 1_000, 2_000]) {
    await eventually(() => acknowledged > threshold, 30_000)
    await nats.kill()
    await nats.start()
  }
  await writing
  await reader.waitFor(total)
  expect(reader.numbers).toEqual(upTo(total))
})

test('a full stream makes the writer wait until the reader releases, and drops nothing', async () => {
  const jobId = 'full'
  const sink = await openSink(jobId, { maxBytes: 200_000 })
  let acknowledged = 0
  const writing = Promise.all(upTo(100).map((n) => sink.append(numbered(n, 10_000)).then(() => (acknowledged += 1))))
  await eventually(() => sink.isFull, 10_000, 'the stream is full')
  expect(acknowledged).toBeLessThan(25)
  const reader = new Reader(await openFrameSource({ connection, jobId }), true)
  await writing
  await reader.waitFor(100)
  expect(reader.numbers).toEqual(upTo(100))
  expect((await frameStreamInfo(connection, jobId))?.maxBytes).toBe(200_000)
})

test('a full stream takes more after a fault, although all was released during it', async () => {
  const jobId = 'full-fault'
  const sink = await openSink(jobId, { maxMessages: 20 })
  let acknowledged = 0
  const writing = Promise.all(upTo(30).map((n) => sink.append(numbered(n)).then(() => (acknowledged += 1))))
  await eventually(() => sink.isFull, 10_000, 'the stream is full')
  const source = await openFrameSource({ connection, jobId })
  const abort = new AbortController()
  const frames = source.read(abort.signal)
  let last = await frames.next()
  for (let count = 1; count < acknowledged; count += 1) last = await frames.next()
  await nats.kill()
  if (last.value !== undefined) source.release(last.value)
  // Longer than a purge waits.
  await sleep(1_000)
  await nats.start()
  await writing
  abort.abort()
  await source.close()
})

test('a reader knows how much the stream holds, also when a later writer changes it', async () => {
  const jobId = 'limits'
  const source = await openFrameSource({ connection, jobId })
  const reader = new Reader(source, true)
  const small = await openSink(jobId, { maxBytes: 100_000 })
  await small.append(numbered(0))
  await reader.waitFor(1)
  expect(source.limits).toEqual({ bytes: 100_000, messages: Number.POSITIVE_INFINITY })
  const large = await openSink(jobId, { maxBytes: 300_000, maxMessages: 50 })
  await large.append(numbered(1))
  await reader.waitFor(2)
  const limits = { bytes: 300_000, messages: 50 }
  expect(source.limits).toEqual(limits)
  expect((await openFrameSource({ connection, jobId })).limits).toEqual(limits)
})

test('of the largest frame that is taken two fit', async () => {
  const sink = await openSink('largest', { maxBytes: 3_000_000 })
  const largest = Buffer.alloc(Math.floor(sink.largestFrameBytes))
  await sink.append(largest)
  await sink.append(largest)
  expect((await frameStreamInfo(connection, 'largest'))?.bytes).toBeGreaterThan(2_990_000)
})

test('a stream for one message takes a frame of each of its writers, however often there is a new one', async () => {
  const jobId = 'one-message'
  const limits = { maxMessages: 1 }
  await openSink(jobId, limits)
  const reader = new Reader(await openFrameSource({ connection, jobId }), true)
  for (let n = 0; n < 5; n += 1) {
    // One that writes nothing comes before each one that does.
    await openSink(jobId, limits)
    const sink = await openSink(jobId, limits)
    await sink.append(numbered(n))
    await reader.waitFor(n + 1)
  }
  expect(reader.numbers).toEqual(upTo(5))
})

test('a frame may be as many messages as the stream holds, also behind a new writer', async () => {
  const jobId = 'as-many'
  const reader = new Reader(await openFrameSource({ connection, jobId }), true)
  for (let n = 0; n < 3; n += 1) {
    const sink = await openSink(jobId, { maxMessages: 3 })
    for (let m = 0; m < 2; m += 1) await sink.append(numbered(2 * n + m, 2.5 * connection.maxPayloadBytes))
    await reader.waitFor(2 * n + 2)
  }
  expect(reader.numbers).toEqual(upTo(6))
})

test('a frame that can never fit is refused at once', async () => {
  const sink = await openSink('tiny', { maxBytes: 100_000 })
  await expect(sink.append(Buffer.alloc(60_000))).rejects.toMatchObject({ code: 'NATS_PAYLOAD_TOO_LARGE' })
  const few = await openSink('few', { maxMessages: 2 })
  await few.append(Buffer.alloc(connection.maxPayloadBytes))
  await expect(few.append(Buffer.alloc(3 * connection.maxPayloadBytes))).rejects.toMatchObject({
    code: 'NATS_PAYLOAD_TOO_LARGE',
    message: expect.stringMatching(/makes 4 messages, the stream of job few holds 2; raise ReplChanBufferSize/),
  })
})

test('a writer that was taken over can write nothing more', async () => {
  const jobId = 'stale'
  const old = await openSink(jobId)
  await old.append(numbered(0))
  const fresh = await openSink(jobId)
  await expect(old.append(numbered(666))).rejects.toBeInstanceOf(StaleWriterError)
  await expect(old.append(numbered(667))).rejects.toBeInstanceOf(StaleWriterError)
  await fresh.append(numbered(1))
  const reader = new Reader(await openFrameSource({ connection, jobId }), false)
  await reader.waitFor(2)
  expect(reader.numbers).toEqual([0, 1])
})

test('a takeover in the middle of a full window leaves none of its messages behind the takeover', async () => {
  for (const round of upTo(10)) {
    const jobId = `window-${round}`
    const old = await openSink(jobId)
    const writing = Promise.allSettled(upTo(40).map((n) => old.append(numbered(n))))
    const fresh = await openSink(jobId)
    await fresh.append(numbered(1_000))
    const results = await writing
    const stored = upTo(40).filter((n) => results[n]?.status === 'fulfilled')
    const reader = new Reader(await openFrameSource({ connection, jobId }), false)
    await reader.waitFor(stored.length + 1)
    expect(reader.numbers).toEqual([...stored, 1_000])
  }
})

test('a writer is still stale when all that it and its successor wrote was read and released', async () => {
  const jobId = 'stale-released'
  const old = await openSink(jobId)
  await old.append(numbered(0))
  const fresh = await openSink(jobId)
  await fresh.append(numbered(1))
  const source = await openFrameSource({ connection, jobId })
  const reader = new Reader(source, true)
  await reader.waitFor(2)
  await source.close()
  await expect(old.append(numbered(666))).rejects.toBeInstanceOf(StaleWriterError)
  await fresh.append(numbered(2))
})

test('writers that fight for a stream with much under way leave one winner and no mixed frames', async () => {
  const jobId = 'fight'
  const sinks = await Promise.all([openSink(jobId), openSink(jobId), openSink(jobId)])
  const results = await Promise.allSettled(
    sinks.flatMap((sink, writer) => upTo(30).map((n) => sink.append(numbered(writer * 1_000 + n)))),
  )
  const stored = results.flatMap((result, at) =>
    result.status === 'fulfilled' ? [Math.floor(at / 30) * 1_000 + (at % 30)] : [],
  )
  const reader = new Reader(await openFrameSource({ connection, jobId }), false)
  await reader.waitFor(stored.length)
  expect(reader.numbers).toEqual(stored)
  expect(new Set(stored.map((n) => Math.floor(n / 1_000))).size).toBe(1)
})

test('a new writer may throw away what the old one left, also when the stream is full', async () => {
  const jobId = 'discard'
  const old = await openSink(jobId, { maxBytes: 50_000 })
  void Promise.allSettled(upTo(20).map((n) => old.append(numbered(n, 10_000))))
  await eventually(() => old.isFull, 10_000)
  const fresh = await openSink(jobId, { maxBytes: 50_000, discardsOld: true })
  await fresh.append(numbered(77))
  const reader = new Reader(await openFrameSource({ connection, jobId }), false)
  await reader.waitFor(1)
  expect(reader.numbers).toEqual([77])
})

test('a reader that begins again sees what was not released', async () => {
  const jobId = 'again'
  const sink = await openSink(jobId)
  for (const n of upTo(10)) await sink.append(numbered(n))
  const source = await openFrameSource({ connection, jobId })
  for await (const frame of source.read(new AbortController().signal)) {
    if (Buffer.from(frame.payload).readUInt32BE() !== 4) continue
    source.release(frame)
    break
  }
  await source.close()
  const reader = new Reader(await openFrameSource({ connection, jobId }), false)
  await reader.waitFor(6)
  expect(reader.numbers).toEqual([4, 5, 6, 7, 8, 9])
})

test('released frames leave the stream', async () => {
  const jobId = 'release'
  const sink = await openSink(jobId)
  const reader = new Reader(await openFrameSource({ connection, jobId }), true)
  await Promise.all(upTo(200).map((n) => sink.append(numbered(n, 50_000))))
  await reader.waitFor(200)
  await eventually(async () => ((await frameStreamInfo(connection, jobId))?.messages ?? 99) <= 1, 5_000)
})

test('the writer is told how much waits for the reader, and of released frames nothing', async () => {
  const jobId = 'backlog'
  const sink = await openSink(jobId)
  expect(await sink.readBacklogBytes()).toBe(0)
  await Promise.all([1, 2, 3].map((n) => sink.append(numbered(n, 10_000))))
  const waiting = await sink.readBacklogBytes()
  expect(waiting).toBeGreaterThan(30_000)
  expect(waiting).toBeLessThan(40_000)
  const reader = new Reader(await openFrameSource({ connection, jobId }), true)
  await reader.waitFor(3)
  await eventually(async () => (await sink.readBacklogBytes()) === 0, 5_000)
})

test('a reader that is slower than the writer holds bounded memory and loses nothing', async () => {
  const jobId = 'slow'
  const sink = await openSink(jobId)
  const source = await openFrameSource({ connection, jobId, prefetchBytes: 1_000_000 })
  const reader = new Reader(source, true, 1)
  await Promise.all(upTo(400).map((n) => sink.append(numbered(n, 100_000))))
  await reader.waitFor(400)
  expect(reader.numbers).toEqual(upTo(400))
})

test('a frame larger than a reader asks for at a time comes in its place among small ones', async () => {
  const jobId = 'mixed-sizes'
  const sink = await openSink(jobId)
  const sizes = [100, 300_000, 50_000, 60_000, 900_000, 400_000, 100, 100]
  await Promise.all(sizes.map((size, n) => sink.append(numbered(n, size))))
  const reader = new Reader(await openFrameSource({ connection, jobId, prefetchBytes: 200_000 }), true)
  await reader.waitFor(sizes.length)
  expect(reader.numbers).toEqual(sizes.map((_, n) => n))
})

test('a writer whose stream was deleted is told so', async () => {
  const jobId = 'deleted'
  const sink = await openSink(jobId)
  await sink.append(numbered(0))
  await deleteFrameStream(connection, jobId)
  await deleteFrameStream(connection, jobId)
  await expect(sink.append(numbered(1))).rejects.toMatchObject({ code: 'FRAMES_LOST' })
  expect(await frameStreamInfo(connection, jobId)).toBeNull()
})

test('frames of 512 KB pass at a good rate', async () => {
  const jobId = 'rate'
  const sink = await openSink(jobId)
  const reader = new Reader(await openFrameSource({ connection, jobId }), true)
  const startedMs = performance.now()
  await Promise.all(upTo(200).map((n) => sink.append(numbered(n, 512 * 1024))))
  await reader.waitFor(200)
  const seconds = (performance.now() - startedMs) / 1000
  console.log(`100 MB through the frame stream at ${(100 / seconds).toFixed(0)} MB/s`)
  expect(reader.numbers).toEqual(upTo(200))
})

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
