/** Who may start an execution, decided over a real NATS server. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { LeadershipLostError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { type Connection, openConnection } from './connection.ts'
import { type FireTurns, openFireTurns } from './fire-turns.ts'

let nats: TestNats
let connection: Connection
let node: FireTurns
let leader: FireTurns

beforeEach(async () => {
  nats = await startNats()
  connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
  node = await openFireTurns(connection)
  leader = await openFireTurns(connection)
})

afterEach(async () => {
  await connection.close()
  await nats[Symbol.asyncDispose]()
})

test('an order that a later fire has taken the place of is not started by the node that comes back', async () => {
  expect(await node.claim('job', '1-1-a')).toBeNull()
  await leader.withdraw('job', ['2-1-a'], 'the fire of 3', 1)
  expect(await node.claim('job', '2-1-a')).toBe('the fire of 3')
  expect(await node.claim('job', '2-1-a')).toBe('the fire of 3')
  expect(await node.claim('job', '3-1-a')).toBeNull()
  expect(await node.claim('other', '2-1-a')).toBeNull()
})

test('of a claim and a withdrawal at the same moment one is first, whatever else is claimed', async () => {
  for (let round = 0; round < 20; round += 1) {
    const id = `${round}-1-a`
    const others = [`${round}-1-b`, `${round}-1-c`]
    const [claimed] = await Promise.all([
      node.claim('job', id),
      leader.withdraw('job', [id], `successor ${round}`, 1),
      ...others.map((other) => leader.claim('job', other)),
    ])
    expect([null, `successor ${round}`]).toContain(claimed)
    // Whoever came first: from now on it is withdrawn.
    expect(await node.claim('job', id)).toBe(`successor ${round}`)
  }
})

test('what a leader withdraws under an old term changes nothing', async () => {
  await leader.withdraw('job', ['1-1-a'], 'the fire of 2', 5)
  await expect(leader.withdraw('job', ['2-1-a'], 'the fire of 3', 4)).rejects.toBeInstanceOf(LeadershipLostError)
  expect(await node.claim('job', '2-1-a')).toBeNull()
})

test('a thousand orders of different jobs are claimed in one go', async () => {
  const claims = await Promise.all(Array.from({ length: 1_000 }, (_, index) => node.claim(`job-${index}`, '1-1-a')))
  expect(claims.every((claim) => claim === null)).toBe(true)
})
