import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { openConnection } from '../engine/connection.ts'
import { openBucket } from '../engine/kv-bucket.ts'
import type { Member } from '../model/member.ts'
import { NodeNameTakenError } from './errors.ts'
import { joinCluster, type Membership } from './membership.ts'
import type { Heartbeat, NameClaim } from './ports.ts'

let nats: TestNats

beforeAll(async () => {
  nats = await startNats()
})

afterAll(() => nats[Symbol.asyncDispose]())

const memberOf = (nodeName: string, nodeId: string = randomUUID()): Member => ({
  nodeId,
  nodeName,
  status: 'alive',
  address: '127.0.0.1',
  dkronPort: 8080,
  udupPort: 8190,
  natsPort: 8193,
  natsRoutePort: 8194,
  natsRole: 'server',
  tags: { zone: 'a' },
  version: '0.1.0',
  startedAt: Date.now(),
})

interface Node {
  readonly membership: Membership
  /** As a killed process does: no word, no connection. */
  readonly die: () => Promise<void>
}

async function node(self: Member, leaderName: () => string | null = () => null): Promise<Node> {
  const connection = await openConnection({ url: nats.url, name: self.nodeName, log: silentLog })
  let joined: Membership | null = null
  const die = async () => {
    await joined?.close()
    await connection.close()
  }
  onTestFinished(die)
  const membership = await joinCluster({
    self,
    heartbeats: await openBucket<Heartbeat>(connection, { name: 'members', storage: 'memory', patienceMs: 1_000 }),
    names: await openBucket<NameClaim>(connection, { name: 'names', storage: 'file' }),
    leaderName,
    clock: systemClock,
    log: silentLog,
    beatEveryMs: 200,
    failAfterMs: 1_000,
  })
  joined = membership
  return { membership, die }
}

const statusOf = (seenBy: Node, nodeName: string) =>
  seenBy.membership.members().find((member) => member.nodeName === nodeName)?.status

test('nodes see each other, with all that they say of themselves', async () => {
  const [a, b] = [memberOf('see-a'), memberOf('see-b')]
  const nodeA = await node(a, () => 'see-b')
  const nodeB = await node(b)
  await eventually(() => statusOf(nodeA, 'see-b') === 'alive' && statusOf(nodeB, 'see-a') === 'alive', 5_000)
  expect(nodeA.membership.members()).toContainEqual(b)
  expect(nodeA.membership.leader()).toEqual(b)
  expect(nodeB.membership.leader()).toBeNull()
})

test('a node that dies without a word is failed to the others, within its time and a beat', async () => {
  const watching = await node(memberOf('fail-a'))
  const dying = await node(memberOf('fail-b'))
  await eventually(() => statusOf(watching, 'fail-b') === 'alive', 5_000)
  await dying.die()
  const startedMs = performance.now()
  await eventually(() => statusOf(watching, 'fail-b') === 'failed', 5_000)
  expect(performance.now() - startedMs).toBeLessThan(1_600)
})

test('a node that leaves is leaving, then left, and stays so', async () => {
  const watching = await node(memberOf('leave-a'))
  const going = await node(memberOf('leave-b'))
  await going.membership.markLeaving()
  await eventually(() => statusOf(watching, 'leave-b') === 'leaving', 2_000)
  await going.membership.markLeft()
  await going.die()
  await eventually(() => statusOf(watching, 'leave-b') === 'left', 2_000)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(statusOf(watching, 'leave-b')).toBe('left')
})

test('a second live node with the same name is refused, and the first is not disturbed', async () => {
  const first = await node(memberOf('twin'))
  await expect(node(memberOf('twin'))).rejects.toBeInstanceOf(NodeNameTakenError)
  expect(first.membership.members().filter((member) => member.nodeName === 'twin')).toHaveLength(1)
})

test('of two nodes that start at the same time under one name only one gets it', async () => {
  const results = await Promise.allSettled([node(memberOf('race')), node(memberOf('race'))])
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})

test('a node that comes back with a new data directory gets its name, and its old self is hidden', async () => {
  const watching = await node(memberOf('back-a'))
  const old = await node(memberOf('back-b'))
  await old.die()
  const fresh = memberOf('back-b')
  await node(fresh)
  await eventually(() => statusOf(watching, 'back-b') === 'alive', 5_000)
  const found = watching.membership.members().filter((member) => member.nodeName === 'back-b')
  expect(found.map(({ nodeId }) => nodeId)).toEqual([fresh.nodeId])
})

test('the same node is back at once after a restart', async () => {
  const self = memberOf('quick')
  await (await node(self)).die()
  const startedMs = performance.now()
  await node(self)
  expect(performance.now() - startedMs).toBeLessThan(500)
})

test('nobody is failed because NATS was away and forgot all heartbeats', async () => {
  const nodeA = await node(memberOf('away-a'))
  const nodeB = await node(memberOf('away-b'))
  await eventually(() => statusOf(nodeA, 'away-b') === 'alive' && statusOf(nodeB, 'away-a') === 'alive', 5_000)
  const statuses = new Set<string | undefined>()
  const looking = setInterval(() => statuses.add(statusOf(nodeA, 'away-b')).add(statusOf(nodeB, 'away-a')), 20)
  await nats.kill()
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  await nats.start()
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  clearInterval(looking)
  expect([...statuses]).toEqual(['alive'])
})
