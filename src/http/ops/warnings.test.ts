import { expect, test } from 'vitest'
import { sampleExecution, sampleMember, sampleNowMs } from '../../../test/doubles/samples.ts'
import type { Member } from '../../model/member.ts'
import { failureOf } from './job-attention.ts'
import type { MemberState, Overview } from './overview.ts'
import type { NatsState, StreamState } from './ports.ts'
import { needsAttention, warningsOf } from './warnings.ts'

function memberState(name: string, change: Partial<Member> = {}, more: Partial<MemberState> = {}): MemberState {
  return { member: sampleMember(name, change), sinceAt: sampleNowMs, load: null, clockOffsetMs: 0, ...more }
}

const stream: StreamState = {
  name: 'KV_jobs',
  replicasWanted: 3,
  replicasCurrent: 3,
  leader: 'a',
  messages: 1,
  bytes: 1,
  limitBytes: null,
  replicaLag: 0,
  consumerLag: null,
}

function nats(names: string, down = '', change: Partial<NatsState> = {}): Overview['nats'] {
  const servers = [...names].map((name) => ({ name, nodeName: name, version: null, isReachable: !down.includes(name) }))
  return { kind: 'read', value: { servers, metaLeader: null, replicasWanted: 3, streams: [stream], ...change } }
}

function overview(change: Partial<Overview> = {}): Overview {
  return {
    at: sampleNowMs,
    askedNode: 'a',
    leader: { term: { number: 1, leaderName: 'a' }, sinceAt: null },
    members: ['a', 'b', 'c'].map((name) => memberState(name)),
    isNatsEmbedded: true,
    nats: nats('abc'),
    scheduled: { kind: 'read', value: { total: 0, attention: [], failing: 0 } },
    replication: { kind: 'read', value: { total: 0, attention: [] } },
    ...change,
  }
}

const single = { replicasWanted: 1, streams: [{ ...stream, replicasWanted: 1, replicasCurrent: 1 }] }

test('three well servers are worth no word', () => {
  expect(warningsOf(overview())).toEqual([])
})

test.each([
  ['no leader', { leader: null }, 'critical', /no leader, so no job is fired/],
  [
    'a node that failed',
    { members: [memberState('a'), memberState('b', { status: 'failed', address: '10.0.0.2' }), memberState('c')] },
    'warning',
    /node b \(10\.0\.0\.2\) has not been heard of since 2026-01-02T03:04:05Z; start its agent again/,
  ],
  [
    'a disk that is nearly full',
    {
      members: [
        memberState('a', {}, { load: { running: 0, tasks: 0, freeBytes: 99_000_000 } }),
        memberState('b'),
        memberState('c'),
      ],
    },
    'warning',
    /data directory of node a is nearly full \(99 MB free\); make room/,
  ],
  [
    'a full disk',
    {
      members: [
        memberState('a', {}, { load: { running: 0, tasks: 0, freeBytes: 0 } }),
        memberState('b'),
        memberState('c'),
      ],
    },
    'critical',
    /data directory of node a is full: it can store nothing/,
  ],
  [
    'servers that could not be made a cluster',
    { nats: nats('abc', '', { trouble: 'node b cannot start a nats server' }) },
    'warning',
    /could not be made a cluster: node b cannot start a nats server; mend that, it is tried again by itself/,
  ],
  [
    'nodes that listen for themselves only',
    {
      members: [memberState('a'), memberState('b', { natsRole: 'client' }), memberState('c', { natsRole: 'client' })],
      nats: nats('a', '', single),
    },
    'warning',
    /3 nodes keep one copy of everything, on a, because others cannot reach the NATS address of b, c; give --nats-addr/,
  ],
  [
    'one of three servers down',
    { nats: nats('abc', 'b') },
    'warning',
    /of b is down: 2 of 3 left, one more loss stops/,
  ],
  ['two of three servers down', { nats: nats('abc', 'bc') }, 'critical', /of b, c are down: 1 of 3 left.*no majority/],
  [
    'a server that is down, once,',
    { nats: nats('abc', 'b', { streams: [{ ...stream, replicasCurrent: 2 }] }) },
    'warning',
    /of b is down: 2 of 3 left/,
  ],
  ['one of five servers down', { nats: nats('abcde', 'b') }, 'warning', /4 of 5 left, 1 more may be lost/],
  [
    'a clock that is ahead',
    { members: [memberState('a', {}, { clockOffsetMs: 3_240 })] },
    'warning',
    /clock of node a is 3\.2 s ahead/,
  ],
  [
    'a clock that is behind',
    { members: [memberState('a', {}, { clockOffsetMs: -86_400_000 })] },
    'warning',
    /86400\.0 s behind/,
  ],
  [
    'versions that differ',
    { members: [memberState('a'), memberState('b', { version: '0.2.0' }), memberState('c')] },
    'warning',
    /0\.1\.0 on a, c; 0\.2\.0 on b/,
  ],
  [
    'a stream that is filling',
    { nats: nats('abc', '', { streams: [{ ...stream, name: 'KV_x', bytes: 85, limitBytes: 100 }] }) },
    'warning',
    /stream KV_x is 85 % full; find out/,
  ],
  [
    'a stream that is full',
    { nats: nats('abc', '', { streams: [{ ...stream, bytes: 99, limitBytes: 100 }] }) },
    'critical',
    /99 % full/,
  ],
  [
    'a stream without a leader',
    { nats: nats('abc', '', { streams: [{ ...stream, leader: null }] }) },
    'critical',
    /stream KV_jobs has no leader/,
  ],
  [
    'streams whose copies are behind',
    { nats: nats('abc', '', { streams: 'abcde'.split('').map((name) => ({ ...stream, name, replicasCurrent: 2 })) }) },
    'warning',
    /streams a, b, c and 2 more have fewer up-to-date copies/,
  ],
  ['NATS that is silent', { nats: { kind: 'unread', reason: 'it did not answer within 2 s' } }, 'critical', /majority/],
  ['three nodes and one server', { nats: nats('a', '', single) }, 'warning', /3 nodes are there.*on a alone/],
] as const)('%s is told', (_what, change, severity, text) => {
  const warnings = warningsOf(overview(change as Partial<Overview>))
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatchObject({ severity, text: expect.stringMatching(text) })
  expect(needsAttention(overview(change as Partial<Overview>), warnings)).toBe(true)
})

test.each([
  [
    'one agent alone',
    { members: [memberState('a')], nats: nats('a', '', single) },
    /one node keeps one copy.*third agent/,
  ],
  [
    'two agents',
    { members: [memberState('a'), memberState('b', { natsRole: 'spare' })], nats: nats('a', '', single) },
    /2 nodes keep one copy/,
  ],
  [
    "a NATS of the user's with one server",
    { isNatsEmbedded: false, members: [memberState('a', { natsRole: 'client' })], nats: nats('x', '', single) },
    /--nats-replicas 3/,
  ],
  [
    'a frame stream that is full',
    { nats: nats('abc', '', { streams: [{ ...stream, name: 'FRAMES_1', bytes: 99, limitBytes: 100 }] }) },
    /FRAMES_1 is 99 % full, so its source waits.*--stream-limit/,
  ],
  ['a node that leaves', { members: [memberState('a'), memberState('b', { status: 'leaving' })] }, /node b is leaving/],
] as const)('%s is a note, and no reason for alarm', (_what, change, text) => {
  const warnings = warningsOf(overview(change as Partial<Overview>))
  expect(warnings).toEqual([{ severity: 'note', text: expect.stringMatching(text) }])
  expect(needsAttention(overview(change as Partial<Overview>), warnings)).toBe(false)
})

test('the worst comes first', () => {
  const change = { leader: null, nats: nats('ab', 'b', single), members: [memberState('a'), memberState('b')] }
  const severities = warningsOf(overview(change)).map(({ severity }) => severity)
  expect(severities).toEqual(severities.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)))
  expect(severities[0]).toBe('critical')
})

const order = ['critical', 'warning', 'note']

const at = (group: string, outcome: string, more: object = {}) =>
  sampleExecution({ group, outcome: outcome as 'failed', ...more })

test.each([
  ['nothing ran', [], null],
  ['the last fire succeeded', [at('1', 'failed'), at('2', 'succeeded')], null],
  ['the last fire was lost', [at('9', 'succeeded'), at('10', 'lost')], 'lost'],
  ['nobody could run it', [at('1', 'unplaced')], 'unplaced'],
  [
    'one of two nodes failed',
    [at('1', 'succeeded', { nodeName: 'a' }), at('1', 'failed', { nodeName: 'b' })],
    'failed',
  ],
  ['the second try succeeded', [at('1', 'failed'), at('1', 'succeeded', { attempt: 2 })], null],
  ['the second try failed too', [at('1', 'failed'), at('1', 'missed', { attempt: 2 })], 'missed'],
  [
    'a lost try was made up by another node',
    [at('1', 'lost', { nodeName: 'a' }), at('1', 'succeeded', { nodeName: 'b', attempt: 2 })],
    null,
  ],
  ['the last was skipped after a success', [at('1', 'succeeded'), at('2', 'skipped')], null],
  ['the last was skipped after a failure', [at('1', 'failed'), at('2', 'skipped')], 'failed'],
] as const)('when %s that is judged right', (_what, executions, outcome) => {
  expect(failureOf(executions)?.outcome ?? null).toBe(outcome)
})
