/**
 * What the API is held against on the same machine in the same run: an HTTP server that does nothing but answer, and the
 * store that makes a job durable, without an API before it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { projectRoot } from '../../scripts/setup/project.ts'
import { silentLog } from '../../src/core/log.ts'
import { openConnection } from '../../src/engine/connection.ts'
import { openBucket } from '../../src/engine/kv-bucket.ts'
import type { HttpAnswer } from '../../test/harness/millrace-agent.ts'
import { startNats } from '../../test/harness/nats-server.ts'
import { Distribution } from '../distribution.ts'
import type { LoadResult } from './http-load.ts'

export interface BareServer extends AsyncDisposable {
  readonly port: number
}

/** Starts a process of its own that gives the same answer, head and body, to every request. */
export async function startBareServer({ text, headers }: Pick<HttpAnswer, 'text' | 'headers'>): Promise<BareServer> {
  const byServer = new Set(['date', 'connection', 'keep-alive', 'content-length'])
  const own = Object.fromEntries([...headers].filter(([name]) => !byServer.has(name)))
  const program = [join(projectRoot, 'bench/scheduler/bare-server.ts'), JSON.stringify(own), text]
  const child = spawn(process.execPath, program, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const port = await Promise.race([once(child.stdout, 'data'), ended]).then(([said]) => Number(said))
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await ended
    },
  }
}

/** Stores records one by one in a NATS server of its own, `writers` of them at a time, each on disk before the next. */
export async function storeLoad(count: number, writers: number, record: object): Promise<LoadResult> {
  await using server = await startNats()
  const connection = await openConnection({ url: server.url, name: 'bench', log: silentLog })
  const bucket = await openBucket<object>(connection, { name: 'jobs', storage: 'file' })
  const latencies: number[] = []
  let index = 0
  const write = async () => {
    while (index < count) {
      const sentAt = performance.now()
      await bucket.create(`record-${index++}`, record)
      latencies.push(performance.now() - sentAt)
    }
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: writers }, write))
  const seconds = (performance.now() - startedAt) / 1_000
  await connection.close()
  return { count, perSecond: count / seconds, latencyMs: new Distribution(latencies) }
}
