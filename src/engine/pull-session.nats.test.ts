import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import { startNats } from '../../test/harness/nats-server.ts'
import { silentLog } from '../core/log.ts'
import type { StartOrder } from '../model/execution.ts'
import { openConnection } from './connection.ts'
import { openDispatcher } from './dispatch-queue.ts'
import { ensureFrameStream, frameStreamName, frameSubject } from './frame-stream.ts'
import { openOrderInbox } from './order-inbox.ts'
import { publish } from './stream-publish.ts'
import { readStream } from './stream-reader.ts'

test('what came while this process stood still is taken at once, not sent again half a minute later', async () => {
  const nats = await startNats()
  onTestFinished(() => nats[Symbol.asyncDispose]())
  const connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
  onTestFinished(() => connection.close())
  const dispatcher = await openDispatcher(connection)
  const inbox = await openOrderInbox(connection, 'node1')
  const abort = new AbortController()
  const taken: string[] = []
  const consuming = inbox.consume(
    async (orders) => void taken.push(...orders.map(({ jobName }) => jobName)),
    abort.signal,
  )
  onTestFinished(async () => {
    abort.abort()
    await consuming
  })
  await dispatcher.dispatch('node1', [orderOf('before')], 'before')
  for (let n = 0; n < 50 && taken.length === 0; n += 1) await sleep(100)
  // Within the timers' turn: those that are due by its end run before anything that came is read.
  await sleep(10)
  void dispatcher.dispatch('node1', [orderOf('meanwhile')], 'meanwhile')
  await sleep(1)
  // Longer than the silence after which a session is given up, shorter than the server waits for an acknowledgement.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000)
  for (let n = 0; n < 50 && taken.length < 2; n += 1) await sleep(100)
  expect(taken).toEqual(['before', 'meanwhile'])
}, 30_000)

test('what was taken is not kept, although more always waits', async () => {
  const nats = await startNats()
  onTestFinished(() => nats[Symbol.asyncDispose]())
  const connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
  onTestFinished(() => connection.close())
  await ensureFrameStream(connection, 'memory', {})
  const stream = frameStreamName('memory')
  const [messages, messageBytes] = [400, 256 * 1024]
  const payload = Buffer.alloc(messageBytes)
  for (let n = 0; n < messages; n += 1) await publish(connection, 'not stored', frameSubject('memory'), payload)
  const heldBytes: number[] = []
  let taken = 0
  const signal = new AbortController()
  for await (const event of readStream(connection, {
    ...{ stream, fromSequence: 0, signal: signal.signal, prefetchBytes: 4 * 1024 * 1024 },
  })) {
    if (event.kind !== 'message') continue
    taken += 1
    // The next ones are there when this one has been worked on.
    await sleep(2)
    if (taken % 100 === 0) heldBytes.push(liveBufferBytes())
    if (taken === messages - 50) break
  }
  signal.abort()
  expect(Math.max(...heldBytes)).toBeLessThan(40 * 1024 * 1024)
}, 60_000)

/** Of buffers that something still holds. */
function liveBufferBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().arrayBuffers
}

function orderOf(jobName: string): StartOrder {
  return {
    ...{ jobName, group: '1', attempt: 1, scheduledAt: null, command: 'true', isShell: false, runAsUser: null },
    ...{ concurrency: 'allow', timeLimitMs: null, startBeforeAt: null },
  }
}
