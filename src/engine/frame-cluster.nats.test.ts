/** Frame streams that servers of a cluster hold three times. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startNatsCluster, type TestNatsCluster } from '../../test/harness/nats-cluster.ts'
import { silentLog } from '../core/log.ts'
import { type Connection, openConnection } from './connection.ts'
import { openFrameSink } from './frame-sink.ts'
import { openFrameSource } from './frame-source.ts'

let cluster: TestNatsCluster
/** One to each server. */
let connections: Connection[]

beforeAll(async () => {
  cluster = await startNatsCluster()
  connections = await Promise.all(
    cluster.servers.map(({ url }) =>
      openConnection({ url, auth: cluster.credentials, name: 'frames', log: silentLog, replicas: 3 }),
    ),
  )
})

afterAll(async () => {
  await Promise.all((connections ?? []).map((connection) => connection.close()))
  await cluster?.[Symbol.asyncDispose]()
})

test('writers that take each other over with much under way do not break a stream of three copies', async () => {
  const pids = cluster.servers.map(({ pid }) => pid)
  for (let turn = 0; turn < 15; turn += 1) {
    const jobId = `contested-${turn}`
    const open = (at: number) => openFrameSink({ connection: connections[at % 3] as Connection, jobId, writerId: 'w' })
    const writing: Promise<unknown>[] = []
    for (let writer = 0; writer < 6; writer += 1) {
      const sink = await open(writer)
      // Past the first messages, which go one by one.
      for (let n = 0; n < 33; n += 1) await sink.append(Buffer.from(`${writer}`))
      for (let n = 0; n < 200; n += 1) writing.push(sink.append(Buffer.from(`${writer}`)).catch(() => {}))
    }
    await Promise.all(writing)
    const last = await open(0)
    await last.append(Buffer.from('last'))
    const seen: string[] = []
    const source = await openFrameSource({ connection: connections[1] as Connection, jobId })
    for await (const { payload } of source.read(new AbortController().signal)) {
      seen.push(Buffer.from(payload).toString())
      if (seen.at(-1) === 'last') break
    }
    // Whoever wrote after somebody's takeover is not heard.
    expect(seen.slice(0, -1)).toEqual(seen.slice(0, -1).toSorted())
  }
  const logs = await Promise.all(cluster.servers.map((server) => server.log()))
  expect(logs.join('\n')).not.toMatch(/critical write error|msgid mismatch/)
  expect(cluster.servers.map(({ pid }) => pid)).toEqual(pids)
})
