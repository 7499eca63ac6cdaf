/** Who belongs to the cluster and who leads it, as a user sees it through both APIs of every agent. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AgentsOnNats, during, membersSeenBy, startAgentsOnNats } from '../../harness/agents-on-nats.ts'
import { eventually } from '../../harness/eventually.ts'
import type { TestAgent } from '../../harness/millrace-agent.ts'

const [alive, leaving, left, failed] = [1, 2, 3, 4]

let cluster: AgentsOnNats

beforeAll(async () => {
  cluster = await startAgentsOnNats(3, (index) => ({ args: ['--tag', `zone=z${index + 1}`], startWithinMs: 60_000 }))
}, 90_000)

afterAll(() => cluster?.[Symbol.asyncDispose]())

beforeEach(async () => {
  await Promise.all(cluster.agents.map((agent) => agent.start()))
  for (const { name } of everyone()) await whenSeen(name, alive, 10_000)
  await cluster.agreedLeader(10_000)
}, 60_000)

const everyone = () => cluster.agents.map((agent, index) => ({ agent, name: `node${index + 1}` }))
const others = (name: string) => everyone().flatMap((one) => (one.name === name ? [] : [one.agent]))

const statusSeenBy = async (agent: TestAgent, name: string) => (await membersSeenBy(agent)).get(name)?.Status

/** Every other agent shows this status. @returns after how many milliseconds */
async function whenSeen(name: string, status: number | undefined, withinMs: number): Promise<number> {
  const sinceMs = performance.now()
  await eventually(
    async () => {
      const seen = await Promise.all(others(name).map((agent) => statusSeenBy(agent, name)))
      return seen.every((one) => one === status)
    },
    withinMs,
    `${name} with status ${status} everywhere`,
  )
  return performance.now() - sinceMs
}

test('every agent shows the same members, with tags, on both APIs, and names the same leader', async () => {
  const [first, ...more] = await Promise.all(
    everyone().flatMap(({ agent }) => [agent.dkron('GET', '/v1/members'), agent.udup('GET', '/v1/members')]),
  )
  for (const answer of more) expect(answer.json).toEqual(first?.json)
  const members = await membersSeenBy(cluster.named('node1'))
  expect([...members.keys()]).toEqual(['node1', 'node2', 'node3'])
  expect(members.get('node2')?.Tags).toMatchObject({ zone: 'z2', millrace_version: expect.any(String) })
})

test('an agent that is killed is failed within five seconds, and alive at once when it is back', async () => {
  await cluster.named('node2').kill()
  const failedMs = await whenSeen('node2', failed, 6_000)
  await cluster.named('node2').start()
  const aliveMs = await whenSeen('node2', alive, 2_000)
  console.log(`failed after ${failedMs.toFixed(0)} ms, alive ${aliveMs.toFixed(0)} ms after it was ready again`)
  expect(failedMs).toBeLessThan(5_000)
})

test('when the leading agent is killed another leads within three seconds, and all say so within five', async () => {
  const before = await cluster.agreedLeader(5_000)
  await cluster.named(before).kill()
  const killedMs = performance.now()
  const rest = others(before)
  await eventually(async () => (await cluster.leaders(rest)).some((name) => name && name !== before), 5_000)
  const ledMs = performance.now() - killedMs
  await eventually(async () => {
    const [one, ...more] = await cluster.leaders(rest)
    return one !== undefined && one !== before && more.every((name) => name === one)
  }, 5_000)
  const knownMs = performance.now() - killedMs
  console.log(`another agent leads after ${ledMs.toFixed(0)} ms, known everywhere after ${knownMs.toFixed(0)} ms`)
  expect(ledMs).toBeLessThan(3_000)
  expect(knownMs).toBeLessThan(5_000)
})

test('a leader that stood still for longer than its lease comes back as a follower', async () => {
  const before = await cluster.agreedLeader(5_000)
  const agent = cluster.named(before)
  process.kill(agent.pid, 'SIGSTOP')
  let now: string
  try {
    await whenSeen(before, failed, 5_000)
    now = await cluster.agreedLeader(5_000, others(before))
    expect(now).not.toBe(before)
  } finally {
    process.kill(agent.pid, 'SIGCONT')
  }
  await whenSeen(before, alive, 5_000)
  for (const seen of await during(2_000, () => cluster.leaders())) expect(seen).toEqual([now, now, now])
  expect(agent.log()).toContain('this node leads no more')
})

test('an agent that stood still takes what it was sent meanwhile as soon as it goes on', async () => {
  const leader = await cluster.agreedLeader(5_000)
  const { agent, name } = everyone().find((one) => one.name !== leader) ?? { agent: cluster.named('node1'), name: '' }
  const job = { name: 'meanwhile', schedule: '@manually', command: 'true', tags: { zone: `z${name.slice(-1)}:1` } }
  const other = cluster.named(leader)
  expect((await other.dkron('POST', '/v1/jobs', job)).status).toBe(201)
  process.kill(agent.pid, 'SIGSTOP')
  try {
    await other.dkron('POST', '/v1/jobs/meanwhile')
    await whenSeen(name, failed, 6_000)
    await during(1_500, async () => {})
  } finally {
    process.kill(agent.pid, 'SIGCONT')
  }
  await eventually(async () => {
    const { json } = await other.dkron('GET', '/v1/executions/meanwhile')
    return (json as { outcome: string }[]).some(({ outcome }) => outcome === 'succeeded')
  }, 5_000)
})

test.each([
  ['dkron', 'GET'],
  ['udup', 'GET'],
  ['SIGTERM', ''],
] as const)(
  'the leader leaves by %s: leadership passes at once, what runs ends, and it is left',
  async (way, method) => {
    const name = await cluster.agreedLeader(5_000)
    const agent = cluster.named(name)
    const job = `last-words-${way.toLowerCase()}`
    const zone = (await membersSeenBy(agent)).get(name)?.Tags.zone
    const body = { name: job, schedule: '@manually', command: 'sleep 4', shell: true, tags: { zone: `${zone}:1` } }
    expect((await agent.dkron('POST', '/v1/jobs', body)).status).toBe(201)
    await agent.dkron('POST', `/v1/jobs/${job}`)
    const executions = async (from: TestAgent) => (await from.dkron('GET', `/v1/executions/${job}`)).json as unknown[]
    await eventually(async () => (await executions(agent)).length === 1, 5_000, 'the command runs')
    const askedMs = performance.now()
    if (way === 'SIGTERM') process.kill(agent.pid, 'SIGTERM')
    else expect((await agent[way](method, '/v1/leave')).status).toBe(200)
    const rest = others(name)
    const leavingSeen = whenSeen(name, leaving, 2_000)
    await eventually(async () => (await cluster.leaders(rest)).every((one) => one && one !== name), 2_000)
    const passedMs = performance.now() - askedMs
    const leavingMs = await leavingSeen
    console.log(`${way}: leaving seen after ${leavingMs.toFixed(0)} ms, leadership passed in ${passedMs.toFixed(0)} ms`)
    await whenSeen(name, left, 10_000)
    expect(passedMs).toBeLessThan(1_500)
    for (const witness of rest) expect(await executions(witness)).toMatchObject([{ success: true, node_name: name }])
    await eventually(() => agent.hasExited, 10_000)
  },
)

test('an agent that starts while others are down or gone lists them', async () => {
  const [gone, dead, late] = ['node1', 'node2', 'node3'].map((name) => cluster.named(name))
  await gone?.stop()
  await dead?.kill()
  await late?.kill()
  await late?.start()
  if (late === undefined) throw new Error('three agents')
  await eventually(async () => (await statusSeenBy(late, 'node2')) === failed, 5_000)
  expect(await statusSeenBy(late, 'node1')).toBe(left)
  expect(await cluster.agreedLeader(5_000, [late])).toBe('node3')
})
