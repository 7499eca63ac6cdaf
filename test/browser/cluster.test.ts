/** Three agents with their NATS servers, and a page that is open at one of them while things happen to the others. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AgentCluster, startAgentCluster } from '../harness/agent-cluster.ts'
import { openTab, phone, type Tab } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import type { TestAgent } from '../harness/millrace-agent.ts'

const names = ['node1', 'node2', 'node3'] as const

let cluster: AgentCluster

beforeAll(async () => {
  cluster = await startAgentCluster({ agents: 3, args: (index) => ['--tag', `zone=z${index + 1}`] })
  await cluster.whenFormed(3)
  // What is still being copied to a new server is told in a warning, which goes from the page when that is done.
  await eventually(async () => {
    const { json } = await agentOf('node1').dkron('GET', '/ops/cluster')
    return (json as { warnings: readonly unknown[] }).warnings.length === 0
  }, 40_000)
})

afterAll(() => cluster?.[Symbol.asyncDispose]())

const card = (tab: Tab, title: string) => tab.page.getByRole('region', { name: title })
const member = (tab: Tab, name: string) =>
  card(tab, 'Members')
    .getByRole('row')
    .filter({ has: tab.page.getByText(name, { exact: true }) })

function agentOf(name: string): TestAgent {
  const agent = cluster.agents[Number(name.slice('node'.length)) - 1]
  if (agent === undefined) throw new Error(`no agent ${name}`)
  return agent
}

async function leader(asked: TestAgent): Promise<string> {
  return await eventually(async () => {
    const { status, json } = await asked.dkron('GET', '/v1/leader')
    return status === 200 ? (json as { Name: string }).Name : undefined
  }, 20_000)
}

/** Waits until a member's line matches. @returns after how many milliseconds */
async function whenShown(tab: Tab, name: string, pattern: RegExp, withinMs: number): Promise<number> {
  const sinceMs = performance.now()
  await eventually(async () => expect(await member(tab, name).innerText()).toMatch(pattern), withinMs)
  return performance.now() - sinceMs
}

test('members, tags, versions, the leader and NATS are shown', async () => {
  await using tab = await openTab(cluster.agents[0] as TestAgent, '/ui/cluster')
  await tab.whenLoaded()
  for (const [index, name] of names.entries()) {
    await whenShown(tab, name, /alive/, 20_000)
    const line = await member(tab, name).innerText()
    expect(line).toContain(`zone=z${index + 1}`)
    expect(line).toMatch(/\b0\.1\.0\b/)
    expect(line.includes('this node')).toBe(name === 'node1')
  }
  const leading = await leader(cluster.agents[0] as TestAgent)
  await whenShown(tab, leading, /leader/, 10_000)
  await tab.page.getByText(new RegExp(`${leading} leads in term \\d+`)).waitFor()
  await eventually(async () => expect(await card(tab, 'NATS').innerText()).toContain('3 of 3 answer'), 20_000)
  expect(await card(tab, 'NATS').innerText()).toMatch(/Survives the loss of\s+one server/)

  const streams = card(tab, 'Streams')
  await eventually(async () => expect(await streams.innerText()).toMatch(/3 of 3/), 20_000)
  const bySize = streams.getByRole('columnheader', { name: 'Messages' })
  await bySize.getByRole('button').click()
  expect(await bySize.getAttribute('aria-sort')).toBe('ascending')
  await tab.expectAccessible()
  await tab.expectNoLayoutJump()
  await tab.shoot('cluster of three')
})

test('a member that is killed is failed within seconds, and alive again when it is back', async () => {
  const asked = cluster.agents[0] as TestAgent
  const leading = await leader(asked)
  const killed = names.find((name) => name !== 'node1' && name !== leading) ?? 'node2'
  await using tab = await openTab(asked, '/ui/cluster')
  await whenShown(tab, killed, /alive/, 20_000)

  await agentOf(killed).kill()
  const failedMs = await whenShown(tab, killed, /failed/, 10_000)
  await card(tab, 'What to look at').getByText(killed).first().waitFor()
  await tab.expectAccessible()
  await tab.shoot('cluster with a failed member')

  await agentOf(killed).start()
  const aliveMs = await whenShown(tab, killed, /alive/, 10_000)
  console.log(`shown as failed after ${failedMs.toFixed(0)} ms, as alive ${aliveMs.toFixed(0)} ms after it was ready`)
})

test('when the leader dies, the page of another node shows who leads now', async () => {
  const leading = await leader(cluster.agents[0] as TestAgent)
  const asked = agentOf(names.find((name) => name !== leading) ?? 'node1')
  await using tab = await openTab(asked, '/ui/cluster')
  await using overview = await openTab(asked, '/ui/')
  await tab.page.getByText(`${leading} leads in term`).waitFor()
  const figure = overview.page.getByRole('main').getByRole('link', { name: /^Leader/ })
  await eventually(async () => expect(await figure.innerText()).toContain(leading), 10_000)

  await agentOf(leading).kill()
  await whenShown(tab, leading, /failed/, 15_000)
  const next = await eventually(async () => {
    const shown = /(node\d) leads in term/.exec(await tab.page.getByRole('main').innerText())?.[1]
    return shown === undefined || shown === leading ? undefined : shown
  }, 20_000)
  await whenShown(tab, next, /leader/, 5_000)
  await eventually(async () => expect(await figure.innerText()).toContain(next), 10_000)
  expect(await leader(asked)).toBe(next)

  await agentOf(leading).start()
  await whenShown(tab, leading, /alive/, 15_000)
})

test('on a phone the members and the streams fit', async () => {
  await using tab = await openTab(cluster.agents[1] as TestAgent, '/ui/cluster', phone)
  await tab.whenLoaded()
  await whenShown(tab, 'node3', /alive/, 20_000)
  await tab.expectNoSidewaysScroll()
  await tab.shoot('phone cluster of three')
})
