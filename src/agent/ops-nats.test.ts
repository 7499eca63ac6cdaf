import { expect, test } from 'vitest'
import { sampleMember } from '../../test/doubles/samples.ts'
import type { StreamPeer, StreamReading } from '../engine/stream-states.ts'
import { serversOf } from './ops-nats.ts'

function stream(...peers: readonly (readonly [name: string, isOffline: boolean])[]): StreamReading {
  const peer = ([serverName, isOffline]: readonly [string, boolean]): StreamPeer => ({
    ...{ serverName, isOffline },
    isLeader: false,
    isCurrent: !isOffline,
    lag: 0,
  })
  const facts = { name: 's', isAnswered: true, replicas: 3, messages: 0, bytes: 0, limitBytes: null, consumerLag: null }
  return { ...facts, peers: peers.map(peer) }
}

const seat = (nodeName: string) => ({
  nodeId: `id-of-${nodeName}`,
  nodeName,
  serverName: `server-${nodeName}`,
  clientAddress: '',
  routeAddress: '',
})

test('a server of ours is there when a stream has it for online, else as its agent is', () => {
  const servers = serversOf(
    {
      serverName: 'server-a',
      streams: [stream(['server-a', true], ['server-b', true], ['server-c', true]), stream(['server-c', false])],
    },
    {
      node: { topology: { servers: ['a', 'b', 'c', 'd', 'e'].map(seat) }, replicas: 3, trouble: '' },
      members: () => [sampleMember('d'), sampleMember('e', { status: 'failed' })],
      answering: [{ name: 'server-a', version: '2.12.0' }],
    },
  )
  expect(servers.map(({ nodeName, isReachable, version }) => [nodeName, isReachable, version])).toEqual([
    ['a', true, '2.12.0'],
    ['b', false, null],
    ['c', true, null],
    ['d', true, null],
    ['e', false, null],
  ])
})

test("servers of the user's own are those that the streams name", () => {
  const reading = { serverName: 'two', streams: [stream(['two', false], ['one', true])] }
  const servers = serversOf(reading, { node: null, members: () => [], answering: [{ name: 'two', version: '2.12.0' }] })
  expect(servers).toEqual([
    { name: 'one', nodeName: '', version: null, isReachable: false },
    { name: 'two', nodeName: '', version: '2.12.0', isReachable: true },
  ])
})
