import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { startNats } from '../../test/harness/nats-server.ts'
import { silentLog } from '../core/log.ts'
import type { StartOrder } from '../model/execution.ts'
import { openConnection } from './connection.ts'
import { openDispatcher } from './dispatch-queue.ts'
import { openOrderInbox } from './order-inbox.ts'

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

function orderOf(jobName: string): StartOrder {
  return {
    ...{ jobName, group: '1', attempt: 1, scheduledAt: null, command: 'true', isShell: false, runAsUser: null },
    ...{ concurrency: 'allow', timeLimitMs: null, startBeforeAt: null },
  }
}
