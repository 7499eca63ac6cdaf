import { expect, onTestFinished, test } from 'vitest'
import { sampleExecution, sampleJob, sampleMember, sampleNowMs } from '../../../test/doubles/samples.ts'
import { FakeClock } from '../../core/clock.ts'
import { UnavailableError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import type { Execution } from '../../model/execution.ts'
import type { ReplicationJob } from '../../model/replication-job.ts'
import type { ScheduledJob } from '../../model/scheduled-job.ts'
import { createApi } from '../shared/create-api.ts'
import type { NatsState, OpsDomain } from './ports.ts'
import { registerOpsApi } from './routes.ts'
import { StatusSince } from './status-since.ts'

const threeServers: NatsState = {
  servers: ['a', 'b', 'c'].map((name) => ({ name, nodeName: name, version: '2.12.0', isReachable: true })),
  metaLeader: 'a',
  replicasWanted: 3,
  streams: [
    {
      name: 'KV_jobs',
      replicasWanted: 3,
      replicasCurrent: 3,
      leader: 'a',
      messages: 7,
      bytes: 700,
      limitBytes: 1_000,
      replicaLag: 0,
      consumerLag: null,
    },
  ],
}

function counters(lastSuccessAt: number | null, lastErrorAt: number | null) {
  return { successCount: 1, errorCount: 1, lastSuccessAt, lastErrorAt }
}

function makeDomain(change: Partial<OpsDomain> = {}) {
  const clock = new FakeClock(sampleNowMs)
  const members = ['a', 'b', 'c'].map((name) => sampleMember(name, { startedAt: sampleNowMs - 60_000 }))
  const state = {
    clock,
    members,
    failing: [] as { job: ScheduledJob; executions: readonly Execution[]; lastSuccessAt?: number }[],
  }
  const domain: OpsDomain = {
    cluster: { self: members[0] ?? sampleMember('a'), members: () => state.members, leader: () => null },
    term: () => ({ number: 4, leaderName: 'b' }),
    report: () => ({ load: { running: 2, tasks: 1 }, clockOffsetMs: 3 }),
    isNatsEmbedded: true,
    readNats: async () => threeServers,
    jobs: {
      list: async (isWanted) => {
        const jobs = state.failing.map(({ job, lastSuccessAt = null }) => {
          const counted = { ...counters(1, sampleNowMs + 1_003), lastSuccessAt }
          return { job, counters: counted, nextAt: null }
        })
        return { total: jobs.length, jobs: jobs.filter(isWanted) }
      },
      executions: async (name) => state.failing.find(({ job }) => job.name === name)?.executions ?? [],
    },
    replication: { list: async () => [] },
    clock,
    ...change,
  }
  return { state, domain }
}

// biome-ignore lint/suspicious/noExplicitAny: an answer is looked into by name, as clients do
async function ask(domain: OpsDomain, since = new StatusSince()): Promise<any> {
  const app = createApi({ nodeName: 'a', guard: { boundAddress: '127.0.0.1', names: [] }, log: silentLog })
  onTestFinished(() => app.close())
  registerOpsApi(app, domain, since)
  const reply = await app.inject({ url: '/ops/cluster', headers: { host: 'localhost' } })
  expect(reply.statusCode).toBe(200)
  return reply.json()
}

test('a well cluster is told in full, and has no warnings', async () => {
  const { domain } = makeDomain()
  const answer = await ask(domain)
  expect(answer).toMatchObject({
    state: 'healthy',
    asked_node: 'a',
    at: '2026-01-02T03:04:05.000Z',
    warnings: [],
    leader: { node_name: 'b', term: 4, since: null },
    nats: { mode: 'embedded', error: null, meta_leader: 'a', replicas_wanted: 3, replicas_present: 3 },
    jobs: { scheduled: { error: null, total: 0, failing: 0, attention: [] }, replication: { error: null, total: 0 } },
  })
  expect(answer.members[0]).toEqual({
    node_name: 'a',
    node_id: 'id-of-a',
    status: 'alive',
    since: '2026-01-02T03:03:05.000Z',
    address: '127.0.0.1',
    dkron_api: '127.0.0.1:8080',
    udup_api: '127.0.0.1:8190',
    nats_role: 'server',
    tags: {},
    version: '0.1.0',
    started_at: '2026-01-02T03:03:05.000Z',
    running: 2,
    tasks: 1,
    free_bytes: null,
    clock_offset_ms: 3,
  })
  expect(answer.nats.servers[2]).toEqual({ name: 'c', node_name: 'c', version: '2.12.0', reachable: true })
  expect(answer.nats.streams[0]).toMatchObject({ name: 'KV_jobs', leader: 'a', bytes: 700, limit_bytes: 1000 })
})

test('what cannot be read is told with its reason, and the rest is there', async () => {
  const { domain } = makeDomain({
    readNats: () => Promise.reject(new UnavailableError('the NATS server does not tell its state')),
    replication: { list: () => Promise.reject(new Error('planted password')) },
  })
  const answer = await ask(domain)
  expect(answer.nats).toEqual({ mode: 'embedded', error: 'the NATS server does not tell its state' })
  expect(answer.jobs.replication).toEqual({ error: 'an error inside the agent' })
  expect(answer.jobs.scheduled.error).toBeNull()
  expect(answer.members).toHaveLength(3)
  expect(answer.state).toBe('attention')
  expect(answer.warnings.map(({ severity }: { severity: string }) => severity)).toEqual(['critical', 'warning'])
})

test('what hangs is given up after 2 s', async () => {
  const { domain, state } = makeDomain({ readNats: () => new Promise(() => {}) })
  const answering = ask(domain)
  await new Promise((resolve) => setTimeout(resolve, 100))
  await state.clock.advance(2_000)
  expect((await answering).nats).toEqual({ mode: 'embedded', error: 'it did not answer within 2 s' })
})

test('a job whose last fire failed is there with how it ended', async () => {
  const { domain, state } = makeDomain()
  const executions = [
    sampleExecution({ group: '1000', outcome: 'failed', exitCode: 1 }),
    sampleExecution({ group: '2000', outcome: 'lost', nodeName: 'b', reason: 'node b is gone' }),
  ]
  state.failing.push({ job: sampleJob({ name: 'nightly' }), executions })
  state.failing.push({ job: sampleJob({ name: 'off', isDisabled: true }), executions })
  const answer = await ask(domain)
  expect(answer.state).toBe('attention')
  expect(answer.jobs.scheduled).toMatchObject({ total: 2, failing: 1 })
  expect(answer.jobs.scheduled.attention).toEqual([
    expect.objectContaining({ name: 'nightly', outcome: 'lost', node_name: 'b', reason: 'node b is gone' }),
  ])
})

test('a job that failed on one node is there though another node succeeded later, unless that was another fire', async () => {
  const { domain, state } = makeDomain()
  const failed = sampleExecution({ group: '2000', outcome: 'failed', nodeName: 'a', exitCode: 1 })
  const succeeded = sampleExecution({ group: '2000', nodeName: 'b', outcome: 'succeeded' })
  const lastSuccessAt = sampleNowMs + 4_000
  state.failing.push({ job: sampleJob({ name: 'half' }), executions: [failed, succeeded], lastSuccessAt })
  const executions = [failed, { ...succeeded, group: '3000' }]
  state.failing.push({ job: sampleJob({ name: 'well-again' }), executions, lastSuccessAt })
  const { scheduled } = (await ask(domain)).jobs
  expect(scheduled).toMatchObject({ total: 2, failing: 1, attention: [{ name: 'half', node_name: 'a' }] })
})

test('of very many failing jobs some are shown and all are counted', async () => {
  const { domain, state } = makeDomain()
  for (let index = 0; index < 50; index += 1)
    state.failing.push({ job: sampleJob({ name: `j${index}` }), executions: [sampleExecution({ outcome: 'failed' })] })
  const { scheduled } = (await ask(domain)).jobs
  expect([scheduled.total, scheduled.failing, scheduled.attention.length]).toEqual([50, 50, 20])
})

test('replication jobs that do not run are there, the dead first', async () => {
  const job = (name: string) => ({ id: `id-${name}`, name }) as ReplicationJob
  const { domain } = makeDomain({
    replication: {
      list: async () => [
        { job: job('fine'), status: { status: 'running', description: '' } },
        { job: job('resting'), status: { status: 'pause', description: '' } },
        { job: job('stalled'), status: { status: 'pending', description: 'the target task has moved nothing' } },
        { job: job('broken'), status: { status: 'dead', description: 'access denied' } },
      ],
    },
  })
  const answer = await ask(domain)
  expect(answer.jobs.replication).toEqual({
    error: null,
    total: 4,
    attention: [
      { id: 'id-broken', name: 'broken', status: 'dead', description: 'access denied' },
      { id: 'id-stalled', name: 'stalled', status: 'pending', description: 'the target task has moved nothing' },
    ],
  })
})

test('a change that this node saw is told with its time', async () => {
  const { domain, state } = makeDomain()
  const since = new StatusSince()
  since.note(state.members, { number: 3, leaderName: 'c' }, sampleNowMs - 9_000)
  const members = state.members.map((member) =>
    member.nodeName === 'c' ? { ...member, status: 'failed' as const } : member,
  )
  since.note(members, { number: 4, leaderName: 'b' }, sampleNowMs - 5_000)
  state.members = members
  const answer = await ask(domain, since)
  expect(answer.members[2]).toMatchObject({ status: 'failed', since: '2026-01-02T03:04:00.000Z' })
  expect(answer.leader.since).toBe('2026-01-02T03:04:00.000Z')
})
