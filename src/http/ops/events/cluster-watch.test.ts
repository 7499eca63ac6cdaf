import { expect, test } from 'vitest'
import { sampleMember } from '../../../../test/doubles/samples.ts'
import { FakeClock } from '../../../core/clock.ts'
import type { Member } from '../../../model/member.ts'
import type { NatsState } from '../ports.ts'
import { clusterDigest, natsDigest, watchCluster } from './cluster-watch.ts'

const stream = {
  ...{ name: 'S', replicasWanted: 3, replicasCurrent: 3, leader: 'a', messages: 1, bytes: 1 },
  ...{ limitBytes: null, replicaLag: 0, consumerLag: 0 },
}
const nats: NatsState = {
  servers: [{ name: 'a', nodeName: 'a', version: '2', isReachable: true }],
  metaLeader: 'a',
  replicasWanted: 3,
  streams: [stream],
}
const members = [sampleMember('a'), sampleMember('b')]

test('the order of members says nothing, their status and the leader do', () => {
  const before = clusterDigest(members, { number: 1, leaderName: 'a' })
  expect(clusterDigest(members.toReversed(), { number: 1, leaderName: 'a' })).toBe(before)
  expect(clusterDigest(members, { number: 2, leaderName: 'b' })).not.toBe(before)
  expect(clusterDigest([sampleMember('a'), sampleMember('b', { status: 'failed' })], null)).not.toBe(
    clusterDigest(members, null),
  )
})

test.each([
  ['more messages', { ...nats, streams: [{ ...stream, messages: 2, bytes: 9, replicaLag: 4 }] }, true],
  ['a copy that is behind', { ...nats, streams: [{ ...stream, replicasCurrent: 2 }] }, false],
  [
    'a server that is down',
    { ...nats, servers: [{ name: 'a', nodeName: 'a', version: '2', isReachable: false }] },
    false,
  ],
  ['trouble', { ...nats, trouble: 'no room' }, false],
] as const)('a state of NATS with %s', (_what, changed, isSame) => {
  expect(natsDigest(changed) === natsDigest(nats)).toBe(isSame)
})

test('a change is told once, and nothing is looked at while nobody wants to know', async () => {
  const clock = new FakeClock(0)
  const end = new AbortController()
  const state = { members: members as readonly Member[], isWanted: true, reads: 0, changes: 0 }
  const watching = watchCluster(
    {
      domain: {
        cluster: { self: sampleMember('a'), members: () => state.members, leader: () => null },
        term: () => null,
        readNats: async () => {
          state.reads += 1
          return nats
        },
      },
      clock,
      isWanted: () => state.isWanted,
      onChange: () => {
        state.changes += 1
      },
    },
    end.signal,
  )
  await clock.advance(3_000)
  expect(state.changes).toBe(0)
  state.members = [sampleMember('a', { status: 'leaving' }), sampleMember('b')]
  await clock.advance(3_000)
  expect(state.changes).toBe(1)
  const { reads } = state
  state.isWanted = false
  await clock.advance(20_000)
  expect(state).toMatchObject({ reads, changes: 1 })
  end.abort()
  await clock.advance(1_000)
  await watching
})
