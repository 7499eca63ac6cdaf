import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClusterAnswer, MemberAnswer } from './cluster-answer.ts'
import { statusText } from './cluster-status.ts'
import { runProgram } from './program.ts'

function member(name: string, change: Partial<MemberAnswer> = {}): MemberAnswer {
  return {
    node_name: name,
    status: 'alive',
    since: '2026-01-02T03:00:00.000Z',
    dkron_api: `10.0.0.1:8080`,
    nats_role: 'server',
    version: '0.1.0',
    running: 2,
    tasks: 0,
    clock_offset_ms: 4,
    ...change,
  }
}

const stream = {
  name: 'KV_jobs',
  leader: 'a',
  replicas_wanted: 3,
  replicas_current: 3,
  replica_lag: 0,
  messages: 12,
  bytes: 3_400,
  limit_bytes: null,
}

const healthy: ClusterAnswer = {
  state: 'healthy',
  asked_node: 'a',
  at: '2026-01-02T03:04:05.000Z',
  warnings: [],
  leader: { node_name: 'b', term: 4, since: '2026-01-02T03:03:00.000Z' },
  members: [member('a'), member('b')],
  nats: {
    mode: 'embedded',
    error: null,
    meta_leader: 'a',
    replicas_wanted: 3,
    servers: ['a', 'b'].map((name) => ({ name, node_name: name, version: '2.12.0', reachable: true })),
    streams: [stream],
  },
  jobs: {
    scheduled: { error: null, total: 3, failing: 0, attention: [] },
    replication: { error: null, total: 1, attention: [] },
  },
}

const ill: ClusterAnswer = {
  ...healthy,
  state: 'attention',
  warnings: [
    { severity: 'critical', text: 'all is lost' },
    { severity: 'note', text: 'one agent alone' },
  ],
  leader: null,
  members: [member('a', { clock_offset_ms: 2_500 }), member('b', { status: 'failed', since: null })],
  nats: {
    mode: 'embedded',
    error: null,
    meta_leader: null,
    replicas_wanted: 3,
    servers: ['a', 'b'].map((name) => ({ name, node_name: name, version: null, reachable: name === 'a' })),
    streams: [stream, { ...stream, name: 'FRAMES_1', leader: null, replicas_current: 2 }],
  },
  jobs: {
    scheduled: {
      error: null,
      total: 3,
      failing: 2,
      attention: [
        {
          name: 'nightly',
          outcome: 'failed',
          reason: '',
          exit_code: 7,
          node_name: 'a',
          finished_at: '2026-01-02T03:04:00.000Z',
        },
      ],
    },
    replication: { error: null, total: 1, attention: [{ name: 'shop', status: 'dead', description: 'access denied' }] },
  },
}

test('a well cluster is told in few lines', () => {
  expect(statusText(healthy)).toBe(
    `the cluster is healthy: 2 of 2 nodes alive, leader b, term 4 for 65s; as a sees it

3 scheduled jobs, 0 whose last run did not succeed

1 replication job, 0 not at work

NODE  STATUS  FOR  RUNNING  TASKS  CLOCK  NATS    VERSION  DKRON API
a     alive   4m   2        0      ok     server  0.1.0    10.0.0.1:8080
b *   alive   4m   2        0      ok     server  0.1.0    10.0.0.1:8080

NATS embedded: 2 servers, 3 copies of each stream, JetStream led by a
SERVER  NODE  STATE  VERSION
a       a     up     2.12.0
b       b     up     2.12.0
1 stream, 3.4 kB, 0 with fewer copies than wanted`,
  )
})

test('what is wrong comes first, and of tables its rows do', () => {
  expect(statusText(ill).split('\n')).toEqual([
    'the cluster NEEDS ATTENTION: 1 of 2 nodes alive, no leader; as a sees it',
    '',
    'CRITICAL  all is lost',
    'NOTE      one agent alone',
    '',
    '3 scheduled jobs, 2 whose last run did not succeed',
    'JOB      OUTCOME     NODE  ENDED (UTC)          REASON',
    'nightly  failed (7)  a     2026-01-02 03:04:00  see "millrace executions nightly"',
    'and 1 more',
    '',
    '1 replication job, 1 not at work',
    'JOB   STATUS  WHY',
    'shop  dead    access denied',
    '',
    'NODE  STATUS  FOR  RUNNING  TASKS  CLOCK  NATS    VERSION  DKRON API',
    'b     failed  ?    -        -      -      server  0.1.0    10.0.0.1:8080',
    'a     alive   4m   2        0      2.5 s  server  0.1.0    10.0.0.1:8080',
    '',
    'NATS embedded: 2 servers, 3 copies of each stream',
    'SERVER  NODE  STATE  VERSION',
    'b       b     DOWN   ?',
    'a       a     up     ?',
    '2 streams, 6.8 kB, 1 with fewer copies than wanted',
    'STREAM    LEADER  COPIES  BEHIND  MESSAGES  SIZE',
    'FRAMES_1  NONE    2 of 3  0       12        3.4 kB',
  ])
})

test('streams that lack the copies of a server that is down are counted, not listed', () => {
  const streams = 'pqrs'.split('').map((name) => ({ ...stream, name, replicas_current: 2 }))
  const servers = [true, false].map((reachable) => ({ name: 'a', node_name: 'a', version: null, reachable }))
  const told = (count: number) =>
    statusText({
      ...healthy,
      nats: {
        mode: 'embedded',
        error: null,
        meta_leader: null,
        replicas_wanted: 3,
        servers: servers.slice(0, count),
        streams,
      },
    })
  expect(told(2)).toMatch(/4 streams, 13\.6 kB, 4 with fewer copies than wanted$/)
  expect(told(1)).toMatch(/\ns +a +2 of 3 +0 +12 +3\.4 kB$/)
})

test('parts that could not be read are left to the warnings', () => {
  const unread: ClusterAnswer = {
    ...healthy,
    nats: { mode: 'embedded', error: 'silence' },
    jobs: { scheduled: { error: 'x' }, replication: { error: 'x' } },
  }
  expect(statusText(unread)).not.toMatch(/undefined|NaN|silence/)
})

test('what others wrote cannot move the cursor', () => {
  const clearScreen = '\u001b[2J'
  const warnings = [{ severity: 'warning' as const, text: `node ${clearScreen}` }]
  expect(statusText({ ...healthy, asked_node: clearScreen, warnings })).not.toContain('\u001b')
})

let server: Server
let address: string
let reply: object

beforeAll(async () => {
  server = createServer((_request, response) => response.end(JSON.stringify(reply)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  address = `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
})

afterAll(() => server.close())

async function run(...argv: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  const lines: string[] = []
  const print = (text: string) => lines.push(text)
  const status = await runProgram(argv, { version: '0', runAgent: async () => {}, print, printError: print })
  return { status, text: lines.join('\n') }
}

test('the exit status says whether somebody has to look', async () => {
  reply = healthy
  expect((await run('cluster', 'status', '--address', address)).status).toBe(0)
  reply = ill
  expect((await run('cluster', 'status', '--address', address)).status).toBe(3)
  const asJson = await run('cluster', 'status', '--address', address, '--json')
  expect([asJson.status, JSON.parse(asJson.text)]).toEqual([3, ill])
  expect((await run('cluster', 'status', '--address', '127.0.0.1:1')).status).toBe(1)
  expect((await run('cluster', 'status', '--adress', address)).status).toBe(2)
})

test('an agent is sent away only under its own name', async () => {
  reply = { agent: { name: 'b' }, members: [member('a')] }
  const refused = await run('leave', 'a', '--address', address)
  expect(refused.status).toBe(1)
  expect(refused.text).toContain('is node "b", not "a", and stays; ask "a" itself, with --address 10.0.0.1:8080')
  expect((await run('leave', 'x', '--address', address)).text).toContain('it knows no "x"')
  expect((await run('leave', 'b', '--address', address)).text).toContain('b leaves the cluster')
  expect((await run('leave', '--address', address)).status).toBe(2)
})

test('members are told by their status in words, their version and their own tags', async () => {
  const common = { dkron_server: 'true', dkron_version: '0.7.2', millrace_version: '0.1.0' }
  reply = [
    { Name: 'a', Addr: '10.0.0.1', Port: 8193, Status: 1, Tags: { ...common, role: 'web' } },
    { Name: 'b', Addr: 'fd00::2', Port: 8193, Status: 4, Tags: common },
  ]
  expect((await run('members', '--address', address)).text.split('\n')).toEqual([
    'NAME  ADDRESS         STATUS  VERSION  TAGS',
    'a     10.0.0.1:8193   alive   0.1.0    role=web',
    'b     [fd00::2]:8193  failed  0.1.0    -',
  ])
})
