/** The Udup API over the real service, with a store and processes in memory; and the document's example job. */
import type { FastifyInstance, InjectOptions } from 'fastify'
import { expect, onTestFinished } from 'vitest'
import { FakeClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { SecretBox } from '../../src/core/secret-box.ts'
import { createApi } from '../../src/http/shared/create-api.ts'
import { registerUdupApi } from '../../src/http/udup/routes.ts'
import type { ClusterView, Member } from '../../src/model/member.ts'
import { createReplicationService } from '../../src/replication/service/replication-service.ts'
import { MemoryBucket } from './memory-bucket.ts'
import { clusterOf, member } from './replication-jobs.ts'
import { MemoryTaskLauncher } from './task-launcher.ts'

export const planted = 'Planted-4711!'
export const [alpha, beta] = [member('alpha'), member('beta', { status: 'failed', address: '::2', natsPort: 4222 })]

interface Answer {
  readonly status: number
  readonly json: Record<string, unknown>
  readonly list: readonly Record<string, unknown>[]
  readonly text: string
  readonly warning: string
}

type Call = (method: InjectOptions['method'], url: string, body?: unknown) => Promise<Answer>

export function udupAgent(cluster: ClusterView = clusterOf(alpha, beta)) {
  const clock = new FakeClock(Date.parse('2026-03-01T12:00:00Z'))
  const launcher = new MemoryTaskLauncher()
  const service = createReplicationService({
    buckets: {
      jobs: new MemoryBucket(),
      names: new MemoryBucket(),
      assignments: new MemoryBucket(),
      reports: new MemoryBucket(),
    },
    cluster,
    isKnownNode: (id) => cluster.members().some((one) => one.nodeId === id) || id === 'retired',
    loadOf: () => null,
    launcher,
    streams: { remove: async () => undefined },
    secrets: new SecretBox(Buffer.alloc(32, 1)),
    clock,
    log: silentLog,
  })
  const ending = new AbortController()
  const leading = service.placement.lead({ number: 1, leaderName: 'alpha' }, ending.signal)
  const running = [service.run(ending.signal), leading]
  const app = createApi({ nodeName: 'alpha', guard: { boundAddress: '127.0.0.1', names: [] }, log: silentLog })
  const leave = (): readonly Member[] => [{ ...alpha, status: 'leaving' }, beta]
  const parts = { ...service, cluster, leave, natsAddresses: () => ['127.0.0.1:8193', '10.0.0.7:8193'] }
  registerUdupApi(app, parts)
  registerUdupApi(app, parts, '/udup')
  onTestFinished(async () => {
    ending.abort()
    await Promise.all(running)
    await app.close()
  })
  const pass = async () => {
    for (let turn = 0; turn < 30; turn += 1) await clock.advance(0)
  }
  return { app, call: caller(app), service, launcher, clock, pass }
}

function caller(app: FastifyInstance): Call {
  return async (method, url, body) => {
    const payload = typeof body === 'string' ? body : JSON.stringify(body)
    const reply = await app.inject({
      ...(method === undefined ? {} : { method }),
      url,
      headers: { host: 'localhost:8190' },
      ...(body === undefined ? {} : { payload }),
    })
    const json = reply.body === '' ? null : JSON.parse(reply.body)
    return {
      status: reply.statusCode,
      json,
      list: json,
      text: reply.body,
      warning: String(reply.headers['warning'] ?? ''),
    }
  }
}

/** The document's own example. */
export const example = {
  Name: 'exam-7-9',
  Type: 'synchronous',
  Tasks: [
    {
      Type: 'Src',
      NodeId: 'id-of-alpha',
      Driver: 'MySQL',
      Config: {
        Gtid: '',
        NatsAddr: '127.0.0.1:8193',
        ParallelWorkers: 4,
        ReplChanBufferSize: 600,
        MsgBytesLimit: 20480,
        ReplicateDoDb: [{ TableSchema: 'sbtest' }],
        ConnectionConfig: { Key: { Host: '192.168.99.100', Port: 13307 }, User: 'root', Password: planted },
      },
    },
    {
      Type: 'Dest',
      NodeId: 'retired',
      Driver: 'MySQL',
      Config: {
        Gtid: '',
        NatsAddr: '127.0.0.1:8193',
        ParallelWorkers: 4,
        ConnectionConfig: { Key: { Host: '192.168.99.100', Port: 13309 }, User: 'root', Password: planted },
      },
    },
  ],
}

export const masked = { User: 'root', Password: '********' }
export const shownExample = {
  ...example,
  Tasks: [
    {
      ...example.Tasks[0],
      Config: {
        ...example.Tasks[0]?.Config,
        ConnectionConfig: {
          Host: '192.168.99.100',
          Port: 13307,
          Key: { Host: '192.168.99.100', Port: 13307 },
          ...masked,
        },
      },
    },
    {
      ...example.Tasks[1],
      Config: {
        ...example.Tasks[1]?.Config,
        ConnectionConfig: {
          Host: '192.168.99.100',
          Port: 13309,
          Key: { Host: '192.168.99.100', Port: 13309 },
          ...masked,
        },
      },
    },
  ],
}

export type ConfigJson = Readonly<Record<string, unknown>>

/** A job whose tasks differ from the example in what is given. */
export function exampleJob(
  change: { job?: ConfigJson; src?: ConfigJson; dest?: ConfigJson; srcTask?: ConfigJson } = {},
): object {
  const [source, target] = example.Tasks
  return {
    ...example,
    Tasks: [
      { ...source, ...change.srcTask, Config: { ...source?.Config, ...change.src } },
      { ...target, Config: { ...target?.Config, ...change.dest } },
    ],
    ...change.job,
  }
}

export interface TaskJson {
  readonly NodeId: string
  readonly Config: Record<string, unknown>
}

export async function savedConfig(
  call: Call,
  change: Parameters<typeof exampleJob>[0],
): Promise<Record<string, unknown>> {
  const { status, json, text } = await call('POST', '/v1/jobs', exampleJob(change))
  expect(status, text).toBe(200)
  return (json['Tasks'] as readonly TaskJson[])[0]?.Config ?? {}
}
