import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { silentLog } from '../core/log.ts'
import type { Execution } from '../model/execution.ts'
import type { ExecutionLog } from '../schedule/ports.ts'
import { type Connection, openConnection } from './connection.ts'
import { openExecutionLog } from './execution-log.ts'

let nats: TestNats
let connection: Connection
let log: ExecutionLog

beforeAll(async () => {
  nats = await startNats()
  connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
  log = await openExecutionLog(connection)
})

afterAll(async () => {
  await connection.close()
  await nats[Symbol.asyncDispose]()
})

const execution = (jobName: string, n: number, more: Partial<Execution> = {}): Execution => ({
  id: `${n}-1-node`,
  jobName,
  group: String(n),
  attempt: 1,
  nodeName: 'node',
  scheduledAt: null,
  startedAt: Date.now(),
  finishedAt: Date.now(),
  outcome: 'succeeded',
  reason: '',
  exitCode: 0,
  signal: null,
  output: 'ok\n',
  outputBytes: 3,
  ...more,
})

test('executions are listed oldest first, each as it was appended', async () => {
  const wanted = [1, 2, 3].map((n) => execution('größe.1', n, { output: `line ü ${n}` }))
  for (const one of wanted) await log.append(one)
  expect(await log.list('größe.1')).toEqual(wanted)
  expect(await log.list('never-ran')).toEqual([])
})

test('appending the same execution again adds nothing, however late', async () => {
  const recent = execution('again', 1)
  const old = execution('again', 2, { finishedAt: Date.now() - 3_600_000 })
  for (const one of [recent, recent, old, old]) await log.append(one)
  expect((await log.list('again')).map(({ group }) => group)).toEqual(['1', '2'])
})

test('the oldest executions make room at the history limit', async () => {
  await Promise.all(Array.from({ length: 130 }, (_, n) => log.append(execution('long', n))))
  expect(await log.list('long')).toHaveLength(100)
})

test('100 executions are listed within milliseconds', async () => {
  for (let n = 0; n < 3; n += 1) await log.list('long')
  const startedMs = performance.now()
  for (let n = 0; n < 20; n += 1) expect(await log.list('long')).toHaveLength(100)
  const eachMs = (performance.now() - startedMs) / 20
  console.log(`100 executions listed in ${eachMs.toFixed(1)} ms`)
  expect(eachMs).toBeLessThan(50)
})

test('a history of large outputs is listed whole', async () => {
  const output = 'x'.repeat(1_000_000)
  for (let n = 0; n < 60; n += 1) await log.append(execution('chatty', n, { output }))
  expect((await log.list('chatty')).map(({ output }) => output.length)).toEqual(Array(60).fill(1_000_000))
})

test('output that no message can hold loses its beginning', async () => {
  await log.append(execution('huge', 1, { output: `begin${'é'.repeat(9_000_000)}end` }))
  const [found] = await log.list('huge')
  expect(found?.output).toMatch(/^é+end$/)
})

test('a purged history is gone, and only that one', async () => {
  await log.append(execution('stays', 1))
  await log.append(execution('goes', 1))
  await log.purge('goes')
  expect(await log.list('goes')).toEqual([])
  expect(await log.list('stays')).toHaveLength(1)
})

test('more than 1,000 executions a second are appended when many are under way', async () => {
  const startedMs = performance.now()
  await Promise.all(Array.from({ length: 2_000 }, (_, n) => log.append(execution(`rate-${n % 50}`, n))))
  const perSecond = 2_000 / ((performance.now() - startedMs) / 1_000)
  console.log(`${perSecond.toFixed(0)} executions/s appended`)
  expect(perSecond).toBeGreaterThan(300)
})

test('a follower hears everything after its sequence, then what comes, across a kill -9', async () => {
  const heard: { readonly sequence: number; readonly group: string }[] = []
  const abort = new AbortController()
  const following = (async () => {
    for await (const { sequence, execution: one } of log.follow(0, abort.signal))
      if (one.jobName === 'followed') heard.push({ sequence, group: one.group })
  })()
  for (let n = 0; n < 5; n += 1) await log.append(execution('followed', n))
  await eventually(() => heard.length === 5, 10_000)
  await nats.kill()
  await nats.start()
  for (let n = 5; n < 10; n += 1) await log.append(execution('followed', n))
  await eventually(() => heard.length === 10, 10_000)
  abort.abort()
  await following
  expect(heard.map(({ group }) => group)).toEqual(Array.from({ length: 10 }, (_, n) => String(n)))
  const rest: string[] = []
  const again = new AbortController()
  for await (const { execution: one } of log.follow(heard[6]?.sequence ?? 0, again.signal))
    if (rest.push(one.group) === 3) break
  expect(rest).toEqual(['7', '8', '9'])
})

test('a lost execution is shown until its true end is told, and then that one alone', async () => {
  const lost = execution('lost', 1, { outcome: 'lost', reason: 'gone' })
  expect(await log.appendLost(lost)).toBe('recorded')
  expect(await log.appendLost(lost)).toBe('known')
  await log.append(execution('lost', 2))
  expect((await log.list('lost')).map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded'])
  await log.append(execution('lost', 1))
  expect((await log.list('lost')).map(({ id, outcome }) => [id, outcome])).toEqual([
    ['1-1-node', 'succeeded'],
    ['2-1-node', 'succeeded'],
  ])
})

test('nothing is lost whose end was told, also at the same moment', async () => {
  for (let n = 0; n < 20; n += 1) {
    await Promise.all([
      log.append(execution('race', n)),
      log.appendLost(execution('race', n, { outcome: 'lost' })),
      log.append(execution('race', n + 1_000)),
    ])
  }
  const found = await log.list('race')
  expect(found).toHaveLength(40)
  expect(found.filter(({ outcome }) => outcome === 'lost')).toEqual([])
})

test('many results of one job that come late are stored once each', async () => {
  const late = Array.from({ length: 30 }, (_, n) => execution('late', n, { finishedAt: Date.now() - 3_600_000 }))
  await Promise.all([...late, ...late].map((one) => log.append(one)))
  expect((await log.list('late')).map(({ id }) => id).toSorted()).toEqual(late.map(({ id }) => id).toSorted())
  const end = new AbortController()
  const heard: string[] = []
  const last = await log.lastSequence()
  for await (const one of log.follow(0, end.signal)) {
    if (one.execution.jobName === 'late') heard.push(one.execution.id)
    if (one.sequence >= last) end.abort()
  }
  expect(heard).toHaveLength(30)
})
