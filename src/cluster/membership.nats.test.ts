import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startCuttableLink } from '../../test/harness/cuttable-link.ts'
import { eventually } from '../../test/harness/eventually.ts'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { openBeats } from '../engine/beats.ts'
import { openConnection } from '../engine/connection.ts'
import { openBucket } from '../engine/kv-bucket.ts'
import type { Bucket } from '../model/bucket.ts'
import type { Member } from '../model/member.ts'
import { NodeNameTakenError } from './errors.ts'
import { joinCluster, type Membership, type MembershipOptions } from './membership.ts'
import type { Heartbeat, MemberRecord, NameClaim } from './ports.ts'

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
  /** From now on no write of JetStream is ever answered. */
  readonly loseRecords: () => void
}

function methodsOf<Value>(bucket: Bucket<Value>): Bucket<Value> {
  return {
    get: (key) => bucket.get(key),
    create: (key, value) => bucket.create(key, value),
    update: (key, value, revision) => bucket.update(key, value, revision),
    put: (key, value) => bucket.put(key, value),
    delete: (key, revision) => bucket.delete(key, revision),
    lastRevision: () => bucket.lastRevision(),
    list: () => bucket.list(),
    watch: (signal) => bucket.watch(signal),
  }
}

async function node(self: Member, more: Partial<MembershipOptions> = {}, url = nats.url): Promise<Node> {
  const connection = await openConnection({ url, name: self.nodeName, log: silentLog })
  let joined: Membership | null = null
  const die = async () => {
    await joined?.close()
    await connection.close()
  }
  onTestFinished(die)
  const records = await openBucket<MemberRecord>(connection, {
    name: 'member-records',
    storage: 'file',
    patienceMs: 1_000,
  })
  let areRecordsLost = false
  const membership = await joinCluster({
    self,
    beats: openBeats<Heartbeat>(connection),
    records: {
      ...methodsOf(records),
      async put(key, value) {
        if (areRecordsLost) return new Promise<never>(() => {})
        return records.put(key, value)
      },
    },
    names: await openBucket<NameClaim>(connection, { name: 'names', storage: 'file' }),
    leaderName: () => null,
    clock: systemClock,
    log: silentLog,
    beatEveryMs: 200,
    failAfterMs: 1_000,
    ...more,
  })
  joined = membership
  return {
    membership,
    die,
    loseRecords: () => {
      areRecordsLost = true
    },
  }
}

const statusOf = (seenBy: Node, nodeName: string) =>
  seenBy.membership.members().find((member) => member.nodeName === nodeName)?.status

test('nodes see each other, with all that they say of themselves', async () => {
  const [a, b] = [memberOf('see-a'), memberOf('see-b')]
  const nodeA = await node(a, { leaderName: () => 'see-b' })
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

test('who leaves for good is known for it, also to one that comes later, until it is back', async () => {
  const watching = await node(memberOf('good-a'))
  const going = await node(memberOf('good-b'))
  const find = (one: typeof watching) => one.membership.members().find(({ nodeName }) => nodeName === 'good-b')
  await going.membership.markLeaving(true)
  await eventually(() => find(watching)?.status === 'leaving' && find(watching)?.leavesForGood === true, 2_000)
  await going.membership.markLeft()
  await going.die()
  const late = await node(memberOf('good-c'))
  for (const one of [watching, late])
    await eventually(() => find(one)?.status === 'left' && find(one)?.leavesForGood === true, 5_000)
  await node(memberOf('good-b'))
  for (const one of [watching, late])
    await eventually(() => find(one)?.status === 'alive' && find(one)?.leavesForGood === undefined, 5_000)
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

test.each([
  ['lives', false],
  ['is gone again', true],
])('a node that was cut off learns that another took its name, which %s', async (_case, isGone) => {
  const nodeName = isGone ? 'lost-b' : 'lost-a'
  await using link = await startCuttableLink(nats.port)
  const watching = await node(memberOf(`${nodeName}-seen`))
  const first = await node(memberOf(nodeName), {}, `nats://127.0.0.1:${link.port}`)
  await eventually(() => statusOf(watching, nodeName) === 'alive', 5_000)
  link.cut()
  await eventually(() => statusOf(watching, nodeName) === 'failed', 5_000)
  const second = memberOf(nodeName)
  const other = await node(second)
  if (isGone) await other.die()
  await first.membership.confirmName()
  link.mend()
  const lost = await first.membership.nameLost
  expect(lost).toBeInstanceOf(NodeNameTakenError)
  expect(lost.message).toContain(second.nodeId)
  await expect(first.membership.confirmName()).rejects.toBe(lost)
  await other.membership.confirmName()
})

test('a node that was cut off and whose name nobody took keeps it', async () => {
  await using link = await startCuttableLink(nats.port)
  const cut = await node(memberOf('kept'), {}, `nats://127.0.0.1:${link.port}`)
  link.cut()
  await eventually(() => !cut.membership.hears(), 5_000)
  link.mend()
  await eventually(() => cut.membership.hears(), 15_000)
  await cut.membership.confirmName()
})

test('the same node is back at once after a restart', async () => {
  const self = memberOf('quick')
  await (await node(self)).die()
  const startedMs = performance.now()
  await node(self)
  expect(performance.now() - startedMs).toBeLessThan(500)
})

test('nobody is failed because NATS was away for a moment', async () => {
  const nodeA = await node(memberOf('away-a'), { failAfterMs: 4_000 })
  const nodeB = await node(memberOf('away-b'), { failAfterMs: 4_000 })
  await eventually(() => statusOf(nodeA, 'away-b') === 'alive' && statusOf(nodeB, 'away-a') === 'alive', 5_000)
  const statuses = new Set<string | undefined>()
  const looking = setInterval(() => statuses.add(statusOf(nodeA, 'away-b')).add(statusOf(nodeB, 'away-a')), 20)
  await nats.kill()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await nats.start()
  await new Promise((resolve) => setTimeout(resolve, 4_500))
  clearInterval(looking)
  expect([...statuses]).toEqual(['alive'])
})

test('a node that is cut off sees the others failed; back again, those that live are alive, and the dead are not', async () => {
  const watching = await node(memberOf('cut-a'))
  const living = await node(memberOf('cut-b'))
  const dead = await node(memberOf('cut-c'))
  await eventually(() => statusOf(watching, 'cut-b') === 'alive' && statusOf(watching, 'cut-c') === 'alive', 5_000)
  await dead.die()
  await eventually(() => statusOf(watching, 'cut-c') === 'failed', 5_000)
  await nats.kill()
  await eventually(() => statusOf(watching, 'cut-b') === 'failed' && statusOf(living, 'cut-a') === 'failed', 5_000)
  expect(statusOf(watching, 'cut-a')).toBe('alive')
  expect(watching.membership.hears()).toBe(false)
  const deadWas = new Set<string | undefined>()
  const looking = setInterval(() => deadWas.add(statusOf(watching, 'cut-c')), 20)
  await nats.start()
  await eventually(() => statusOf(watching, 'cut-b') === 'alive' && statusOf(living, 'cut-a') === 'alive', 5_000)
  clearInterval(looking)
  expect([...deadWas]).toEqual(['failed'])
  expect(watching.membership.hears()).toBe(true)
})

test('a node whose connection is back is heard at once, not with its next beat', async () => {
  const { membership } = await node(memberOf('return'), { beatEveryMs: 60_000, failAfterMs: 2_000 })
  expect(membership.hears()).toBe(true)
  await eventually(() => !membership.hears(), 5_000)
  await nats.kill()
  await nats.start()
  await eventually(() => membership.hears(), 10_000)
})

test('members are heard while JetStream answers nothing', async () => {
  const nodeA = await node(memberOf('core-a'))
  const nodeB = await node(memberOf('core-b'))
  await eventually(() => statusOf(nodeA, 'core-b') === 'alive', 5_000)
  nodeA.loseRecords()
  nodeB.loseRecords()
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(statusOf(nodeA, 'core-b')).toBe('alive')
  await nodeB.membership.markLeaving()
  await eventually(() => statusOf(nodeA, 'core-b') === 'leaving', 1_000)
})

test('a node that is down is listed by those that start later, and what it did last is known', async () => {
  const left = await node(memberOf('late-left'))
  const dead = await node(memberOf('late-dead'))
  await left.membership.markLeft()
  await left.die()
  await dead.die()
  const late = await node(memberOf('late'))
  await eventually(() => statusOf(late, 'late-dead') === 'failed', 2_000)
  expect(statusOf(late, 'late-left')).toBe('left')
})

test('a node hears how busy the others are, and learns everyone at once when it joins', async () => {
  const load = { running: 3, tasks: 2 }
  await node(memberOf('busy'), { load: () => load, beatEveryMs: 2_000, failAfterMs: 8_000 })
  const late = await node(memberOf('busy-late'), { beatEveryMs: 2_000, failAfterMs: 8_000 })
  await eventually(() => late.membership.loadOf('busy').running === 3, 1_000)
  expect(late.membership.loadOf('busy')).toEqual(load)
  expect(late.membership.loadOf('nobody')).toEqual({ running: 0, tasks: 0 })
})

test('heartbeats tell of each machine what its clock is off by', async () => {
  const time = { now: () => Date.now(), wallOffsetMs: 3_600_000 }
  await node(memberOf('wrong-clock'), { time })
  const other = await node(memberOf('right-clock'))
  await eventually(() => other.membership.clockOffsetOf('wrong-clock') === 3_600_000, 2_000)
  const walls = other.membership.peerWalls().map((wall) => wall + performance.now() - Date.now())
  expect(walls.some((wall) => Math.abs(wall - 3_600_000) < 1_000)).toBe(true)
})
