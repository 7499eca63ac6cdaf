/**
 * Everything that reads and writes in NATS, at work at the same time, and what each part must be able to show at the end.
 *
 * Easy to get wrong: an error while servers die is allowed; success for what is lost, a change that nobody is told of, a
 * gap, or silence for ever is not.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { UnavailableError } from '../../src/core/errors.ts'
import { request, serve } from '../../src/engine/calls.ts'
import type { Connection } from '../../src/engine/connection.ts'
import { openDispatcher } from '../../src/engine/dispatch-queue.ts'
import { openFrameSink } from '../../src/engine/frame-sink.ts'
import { openFrameSource } from '../../src/engine/frame-source.ts'
import { openBucket } from '../../src/engine/kv-bucket.ts'
import { openLease } from '../../src/engine/lease.ts'
import { openOrderInbox } from '../../src/engine/order-inbox.ts'
import { publish } from '../../src/engine/stream-publish.ts'
import { ensureStream } from '../../src/engine/stream-setup.ts'
import type { StartOrder } from '../../src/model/execution.ts'
import { eventually } from '../harness/eventually.ts'

const pauseMs = 20
const catchUpMs = 45_000

export interface Work {
  readonly name: string
  /** Ends the writing, waits for the readers, and compares. */
  finish(): Promise<void>
}

/** Runs `step` again and again until told to end; an error that passes by itself is counted and forgotten. */
function repeat(step: (turn: number) => Promise<void>): { stop(): Promise<void> } {
  const ending = new AbortController()
  const running = (async () => {
    for (let turn = 1; !ending.signal.aborted; turn += 1) {
      await step(turn)
      await sleep(pauseMs)
    }
  })()
  // Looked at in stop; must not end the test run before.
  running.catch(() => {})
  return {
    async stop() {
      ending.abort()
      await running
    },
  }
}

async function tolerant<Answer>(act: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof UnavailableError) return null
    throw error
  }
}

/** One writer by compare-and-set, watched over every connection. */
export async function bucketWork(writer: Connection, watchers: readonly Connection[]): Promise<Work> {
  const options = { name: 'watched', storage: 'file' } as const
  const bucket = await openBucket<number>(writer, options)
  const ending = new AbortController()
  const seen = watchers.map(() => new Map<string, number>())
  const orders: string[] = []
  const watching = watchers.map(async (connection, place) => {
    const own = await openBucket<number>(connection, options)
    const revisions = new Map<string, number>()
    for await (const change of own.watch(ending.signal)) {
      if (change.kind === 'ready') continue
      if (change.revision < (revisions.get(change.key) ?? 0)) orders.push(`${change.key} went back`)
      revisions.set(change.key, change.revision)
      if (change.kind === 'put') seen[place]?.set(change.key, change.value)
      else seen[place]?.delete(change.key)
    }
  })
  const written = new Map<string, number>()
  const work = repeat(async (turn) => {
    const key = `k${turn % 7}`
    // Reading and writing by turns: what was acknowledged must be what is read.
    const stored = await tolerant(() => bucket.get(key))
    if (stored === null && written.has(key)) return
    if (stored !== null && stored.value < (written.get(key) ?? 0))
      throw new Error(`${key} reads ${stored.value} after ${written.get(key)} was acknowledged`)
    const isDone = await tolerant(() =>
      stored === null ? bucket.create(key, turn) : bucket.update(key, turn, stored.revision),
    )
    if (isDone !== null) written.set(key, turn)
  })
  return {
    name: 'bucket',
    async finish() {
      await work.stop()
      const records = await bucket.list()
      const expected = Object.fromEntries(records.map(({ key, value }) => [key, value]))
      for (const [key, value] of written) expect(expected[key], key).toBeGreaterThanOrEqual(value)
      for (const [place, map] of seen.entries())
        await eventually(() => expect(Object.fromEntries(map), `watch ${place}`).toEqual(expected) ?? true, catchUpMs)
      expect(orders).toEqual([])
      ending.abort()
      await Promise.all(watching)
    },
  }
}

/** Orders from one connection to a node at another; each is taken at least once. */
export async function orderWork(from: Connection, to: Connection): Promise<Work> {
  const dispatcher = await openDispatcher(from)
  const inbox = await openOrderInbox(to, 'worker')
  const ending = new AbortController()
  const taken = new Set<string>()
  const consuming = inbox.consume(async (orders) => {
    for (const { group } of orders) taken.add(group)
  }, ending.signal)
  const given = new Set<string>()
  const work = repeat(async (turn) => {
    const group = `g${turn}`
    const isDone = await tolerant(async () => {
      await dispatcher.dispatch('worker', [{ group } as StartOrder], group)
      return true
    })
    if (isDone) given.add(group)
  })
  return {
    name: 'orders',
    async finish() {
      await work.stop()
      await eventually(() => [...given].every((group) => taken.has(group)), catchUpMs, 'every order')
      ending.abort()
      await consuming
    },
  }
}

/** Numbered frames: they come out in order, without gap and repetition. */
export async function frameWork(from: Connection, to: Connection): Promise<Work> {
  const limits = { maxBytes: 64 * 1024 * 1024 }
  const sink = await openFrameSink({ connection: from, jobId: 'loss', writerId: 'w', ...limits })
  const source = await openFrameSource({ connection: to, jobId: 'loss' })
  const ending = new AbortController()
  const came: number[] = []
  const reading = (async () => {
    for await (const frame of source.read(ending.signal)) {
      came.push(Buffer.from(frame.payload).readUInt32BE())
      source.release(frame)
    }
  })()
  reading.catch(() => {})
  let count = 0
  const appends: Promise<void>[] = []
  const work = repeat(async () => {
    for (let n = 0; n < 5; n += 1) {
      const frame = Buffer.alloc(5_000)
      frame.writeUInt32BE(count)
      count += 1
      const done = sink.append(frame)
      done.catch(() => {})
      appends.push(done)
    }
    // Not more under way than the sink would take.
    await appends.at(-20)
  })
  return {
    name: 'frames',
    async finish() {
      await work.stop()
      await Promise.all(appends)
      await eventually(() => came.length >= count, catchUpMs, `${count} frames`)
      expect(came).toEqual(Array.from({ length: count }, (_, n) => n))
      ending.abort()
      await reading
      await source.close()
      await sink.close()
    },
  }
}

/** Candidates for one lease, all in this process, whose clock tells whether two reigned at once. */
export async function leaseWork(candidates: readonly Connection[]): Promise<Work> {
  const reigns: { readonly node: string; readonly from: number; readonly to: number; readonly term: number }[] = []
  const ending = new AbortController()
  const running = candidates.map(async (connection, place) => {
    const node = `node-${place}`
    const lease = await openLease(connection, { nodeId: node, nodeName: node })
    while (!ending.signal.aborted) {
      let held = await tolerant(() => lease.tryAcquire())
      while (held !== null && !ending.signal.aborted) {
        const from = performance.now()
        reigns.push({ node, from, to: Math.max(from, held.expiresAtMs), term: held.term.number })
        await sleep(lease.leaseMs / 4)
        const current: typeof held = held
        held = await tolerant(() => lease.renew(current))
      }
      await sleep(100)
    }
    await lease.close()
  })
  for (const run of running) run.catch(() => {})
  return {
    name: 'lease',
    async finish() {
      const before = reigns.length
      await eventually(() => reigns.length > before, catchUpMs, 'a leader')
      ending.abort()
      await Promise.all(running)
      const ends = new Map<string, number>()
      for (const { node, from, to, term } of reigns) {
        for (const [other, end] of ends)
          if (other !== node) expect(end, `${node} in term ${term}, and ${other}`).toBeLessThanOrEqual(from)
        ends.set(node, to)
      }
    },
  }
}

/** Requests from one connection to another: answered rightly or failed in time. */
export function callWork(from: Connection, to: Connection): Work {
  const ending = new AbortController()
  serve(to, 'loss.echo', async (payload) => payload, ending.signal)
  let slowestMs = 0
  const work = repeat(async (turn) => {
    const startedMs = performance.now()
    const answer = await tolerant(() => request(from, 'loss.echo', { turn }, 2_000))
    slowestMs = Math.max(slowestMs, performance.now() - startedMs)
    if (answer !== null) expect(answer).toEqual({ turn })
  })
  return {
    name: 'calls',
    async finish() {
      await work.stop()
      expect(slowestMs).toBeLessThan(10_000)
      await eventually(async () => (await tolerant(() => request(from, 'loss.echo', 1, 2_000))) === 1, catchUpMs)
      ending.abort()
    },
  }
}

/** Messages published with an id each: those that were acknowledged are there, once. */
export async function publishWork(connection: Connection): Promise<Work> {
  await ensureStream(connection, { name: 'PUBLISHED', subjects: ['published.>'] })
  const acknowledged = new Map<number, number>()
  const work = repeat(async (turn) => {
    const sequence = await tolerant(() => publish(connection, 'a message', 'published.a', String(turn)))
    if (sequence !== null) acknowledged.set(turn, sequence)
  })
  return {
    name: 'publishes',
    async finish() {
      await work.stop()
      const manager = await connection.manager()
      const counts = new Map<number, number>()
      const info = await connection.retry('the end', () => manager.streams.info('PUBLISHED'))
      for (let sequence = 1; sequence <= info.state.last_seq; sequence += 1) {
        const message = await connection.retry('a message', () =>
          manager.streams.getMessage('PUBLISHED', { seq: sequence }),
        )
        const turn = Number(message?.string())
        counts.set(turn, (counts.get(turn) ?? 0) + 1)
        if (acknowledged.has(turn)) expect(acknowledged.get(turn)).toBe(sequence)
      }
      expect([...acknowledged.keys()].filter((turn) => counts.get(turn) !== 1)).toEqual([])
      expect([...counts.values()].every((count) => count === 1)).toBe(true)
    },
  }
}
