import { expect, test } from 'vitest'
import type { ServerSeat } from '../../cluster/topology/topology.ts'
import { FakeClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import type { Member } from '../../model/member.ts'
import type { ClusterStore } from './cluster-store.ts'
import type { FormingPeers } from './forming-calls.ts'
import type { MetaView } from './meta-view.ts'
import type { NodeCluster } from './node-cluster.ts'
import { TopologyDuty } from './topology-duty.ts'

function seat(name: string): ServerSeat {
  return { nodeId: name, nodeName: name, serverName: name, clientAddress: `${name}:1`, routeAddress: `${name}:2` }
}

test('a leader that begins while a server leaves for good gives no stream more copies before it gathers them', async () => {
  const clock = new FakeClock(0)
  const ending = new AbortController()
  const names = ['a', 'b', 'c']
  const done: string[] = []
  const peers = names.map((name) => ({ name, isCurrent: true, isOffline: false, lag: 0 }))
  const meta = {
    read: async () => ({ leader: 'a', peers }),
    scale: async () => done.push('scaled'),
    bestKeeper: async (servers: readonly string[]) => servers.at(-1) ?? null,
    gatherOn: async (server: string) => done.push(`gathered on ${server}`),
  }
  const topology = { generation: 1, clusterName: 'c', servers: names.map(seat) }
  const store = { topology: async () => ({ value: topology, revision: 1 }), writeTopology: async () => {} }
  const status = (name: string) => (name === 'b' ? 'leaving' : 'alive')
  const duty = new TopologyDuty({
    node: { isClustered: true } as NodeCluster,
    store: store as unknown as ClusterStore,
    peers: { tell: async () => true } as unknown as FormingPeers,
    meta: meta as unknown as MetaView,
    mostServers: 3,
    members: () => names.map((name) => ({ nodeId: name, nodeName: name, status: status(name) }) as Member),
    farewells: () => new Set(['b']),
    clock,
    log: silentLog,
  })
  const leading = duty.lead({ number: 1, leaderName: 'a' }, ending.signal).catch(() => {})
  for (let second = 0; second < 4; second += 1) await clock.advance(1_000)
  ending.abort(new Error('done'))
  await leading
  expect(done).toEqual(['gathered on c'])
})
