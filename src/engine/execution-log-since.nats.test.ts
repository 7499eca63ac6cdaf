import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleExecution } from '../../test/doubles/samples.ts'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { silentLog } from '../core/log.ts'
import { type Connection, openConnection } from './connection.ts'
import { type ExecutionLog, openExecutionLog } from './execution-log.ts'

let nats: TestNats
let connection: Connection
let log: ExecutionLog
const end = new AbortController()

beforeAll(async () => {
  nats = await startNats()
  connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
  log = await openExecutionLog(connection, { historyLimit: 3 })
})

afterAll(async () => {
  end.abort()
  await connection.close()
  await nats[Symbol.asyncDispose]()
})

async function append(jobName: string, number: number): Promise<void> {
  await log.append(sampleExecution({ jobName, id: `${number}-1-node`, finishedAt: Date.now() }))
}

/** Far enough apart for the server's clock and ours to agree on the order. */
async function later(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 50))
  const atMs = Date.now()
  await new Promise((resolve) => setTimeout(resolve, 50))
  return atMs
}

async function since(sinceMs: number, through: number, most = 1_000) {
  const { isWhole, executions } = await log.openSince(sinceMs, through, most, end.signal)
  const names: string[] = []
  for await (const { jobName, id } of executions) names.push(`${jobName} ${id.split('-', 1)}`)
  return { isWhole, names }
}

test('an empty log has nothing since any time', async () => {
  expect(await since(0, await log.lastSequence())).toEqual({ isWhole: true, names: [] })
})

test('what was recorded since a time is read, though the log has gaps, and only up to where it is asked for', async () => {
  await append('old', 1)
  // These go again, but for the last three: the history limit.
  for (let number = 1; number <= 20; number += 1) await append('busy', number)
  const middleMs = await later()
  await append('new', 1)
  await append('new', 2)
  const through = await log.lastSequence()
  await append('after', 1)
  expect(await since(middleMs, through)).toEqual({ isWhole: true, names: ['new 1', 'new 2'] })
  const all = ['old 1', 'busy 18', 'busy 19', 'busy 20', 'new 1', 'new 2']
  expect(await since(0, through)).toEqual({ isWhole: true, names: all })
  expect(await since(0, through, 3)).toEqual({ isWhole: false, names: ['busy 20', 'new 1', 'new 2'] })
  expect(await since(await later(), await log.lastSequence())).toEqual({ isWhole: true, names: [] })
})

test('the newest execution of a job is the one recorded last, if there is any', async () => {
  expect(await log.newest('busy')).toMatchObject({ jobName: 'busy', id: '20-1-node' })
  expect(await log.newest('nobody')).toBeNull()
})

test('an end of the log that was purged meanwhile is not waited for', async () => {
  await append('gone', 1)
  const through = await log.lastSequence()
  await log.purge('gone')
  const { names } = await since(0, through)
  expect(names.at(-1)).toBe('after 1')
})
