/** What a node knows when its disk does not take the record. */
import { expect, test } from 'vitest'
import type { ServerSeat } from '../../cluster/topology/topology.ts'
import { FakeClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import type { Candidate, ClusterRecord } from './cluster-record.ts'
import { NodeCluster, type NodeClusterParts } from './node-cluster.ts'
import { removeRetiredStores } from './retired-stores.ts'

function seat(name: string): ServerSeat {
  return { nodeId: name, nodeName: name, serverName: name, clientAddress: `${name}:1`, routeAddress: `${name}:2` }
}

const alone = { generation: 1, clusterName: '', servers: [seat('a')] }
const three = { generation: 2, clusterName: 'c', servers: ['a', 'b', 'c'].map(seat) }
const candidate: Candidate = { attempt: '1', homeName: 'a', store: 'store-1', topology: three }

type Known = Omit<ClusterRecord, 'version'>

/** Node `a`, whose disk takes what is written while `disk.isFull` is false, and whose stores are `disk.stores`. */
function nodeWith(record: Partial<Known>) {
  const rest = { role: 'home', store: 'store', candidate: null, retired: [] } as const
  const before: Known = { clusterId: 'id', ...alone, ...rest, ...record }
  const disk = { isFull: false, record: before, stores: ['store', 'store-1'] }
  const file = {
    write(next: Known) {
      if (disk.isFull) throw new Error('ENOSPC: no space left on device')
      disk.record = next
    },
  }
  const server = {
    async discard(name: string) {
      disk.stores = disk.stores.filter((one) => one !== name)
    },
  }
  const parts = { nodeId: 'a', nodeName: 'a', file, server, log: silentLog } as unknown as NodeClusterParts
  return { node: new NodeCluster(parts, before), disk }
}

test('what a full disk did not take is not decided', () => {
  const { node, disk } = nodeWith({ candidate })
  disk.isFull = true
  expect(() => node.write({ role: 'server', store: 'store-1', ...three, candidate: null })).toThrow('ENOSPC')
  expect(node.record).toEqual(disk.record)
  expect(node.topology).toEqual(alone)
  expect(node.role).toBe('server')
  expect(node.record.store).toBe('store')
})

test('the store of an attempt stays while the record cannot be written, and goes when it can', async () => {
  const { node, disk } = nodeWith({ candidate })
  disk.isFull = true
  await expect(node.dropCandidate(candidate)).rejects.toThrow('ENOSPC')
  expect(disk.stores).toEqual(['store', 'store-1'])
  disk.isFull = false
  await node.dropCandidate(candidate)
  expect(disk.stores).toEqual(['store'])
  expect(disk.record.candidate).toBeNull()
})

/** Lets the removal of retired stores look so many times. */
async function lookForRetired(node: NodeCluster, known: typeof three, between: readonly (() => void)[]): Promise<void> {
  const clock = new FakeClock(0)
  const ending = new AbortController()
  const store = { topology: async () => ({ key: 'topology', value: known, revision: 1 }) }
  const meta = { isWhole: async () => true }
  const removing = removeRetiredStores({ node, store, meta, clock, log: silentLog }, ending.signal)
  for (const act of between) {
    act()
    await clock.advance(5_000)
  }
  ending.abort(new Error('done'))
  await removing
}

test('a retired store whose removal could not be noted is removed once more, for a crash may leave a part of it', async () => {
  const { node, disk } = nodeWith({ role: 'server', store: 'store-1', ...three, retired: ['store'] })
  const fill = () => {
    disk.isFull = true
  }
  const free = () => {
    expect(disk.stores).toEqual(['store-1'])
    expect(node.record.retired).toEqual(['store'])
    disk.stores.push('store')
    disk.isFull = false
  }
  await lookForRetired(node, three, [fill, free])
  expect(disk.stores).toEqual(['store-1'])
  expect(disk.record.retired).toEqual([])
})

test('what a node left behind that moved its server away is removed when it is back as a client', async () => {
  const { node, disk } = nodeWith({ role: 'client', store: '', ...three, retired: ['store'] })
  const nothing = () => {}
  await lookForRetired(node, { ...three, generation: 1 }, [nothing])
  expect(disk.stores).toContain('store')
  await lookForRetired(node, three, [nothing])
  expect(disk.stores).toEqual(['store-1'])
  expect(disk.record.retired).toEqual([])
})
