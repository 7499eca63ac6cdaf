/** The overview: what runs, what failed, what is late, who leads, and the fires past and to come, all without a reload. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTab, type Tab } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'

let agent: TestAgent

beforeAll(async () => {
  agent = await startAgent({ args: ['--node-name', 'mill'] })
})

afterAll(() => agent?.[Symbol.asyncDispose]())

/** One of the large numbers, as `Running 1 of 3 scheduled jobs`. */
const figure = async (tab: Tab, title: string) =>
  (
    await tab.page
      .getByRole('main')
      .getByRole('link', { name: new RegExp(`^${title}`) })
      .innerText()
  ).replace(/\s+/g, ' ')

const card = (tab: Tab, title: string) => tab.page.getByRole('region', { name: title })
const timeline = (tab: Tab) => tab.page.getByRole('slider', { name: /^Fires over time/ })

async function save(job: Readonly<Record<string, unknown>>): Promise<void> {
  const { status, text } = await agent.dkron('POST', '/v1/jobs', { schedule: '@manually', shell: true, ...job })
  expect(status, text).toBe(201)
}

async function run(name: string): Promise<void> {
  const { status, text } = await agent.dkron('POST', `/v1/jobs/${name}`)
  expect(status, text).toBe(200)
}

test('an agent that has nothing to do yet says so, and what to do', async () => {
  await using tab = await openTab(agent, '/ui/')
  await tab.whenLoaded()
  await tab.page.getByText('Nothing needs your attention').waitFor()
  await card(tab, 'Running now').getByText('Nothing runs').waitFor()
  await card(tab, 'Ended last').getByText('Save a job with a schedule').waitFor()
  expect(await figure(tab, 'Leader')).toMatch(/^Leader mill of 1 node, term \d+/)
  expect(await figure(tab, 'Replication')).toBe('Replication 0 no replication jobs')
  await tab.expectNoLayoutJump()
  await tab.expectAccessible()
  await tab.shoot('overview empty')
})

test('a job that starts, ends, fails and heals is seen at each step, on the page that was open before', async () => {
  await using tab = await openTab(agent, '/ui/')
  await tab.whenLoaded()
  await tab.page.evaluate('globalThis.isSamePage = true')

  await save({ name: 'slow', command: 'sleep 2' })
  await run('slow')
  await card(tab, 'Running now').getByRole('link', { name: 'slow' }).waitFor()
  expect(await figure(tab, 'Running')).toMatch(/^Running 1 of \d+ scheduled jobs$/)
  await card(tab, 'Ended last').getByRole('link', { name: 'slow' }).waitFor()
  await eventually(async () => expect(await figure(tab, 'Running')).toMatch(/^Running 0 /), 10_000)

  await save({ name: 'breaks', command: 'exit 7' })
  await run('breaks')
  await eventually(async () => expect(await figure(tab, 'Failing')).toBe('Failing 1 job failed last time'), 10_000)
  const matter = card(tab, 'Needs attention').getByRole('listitem').filter({ hasText: 'breaks' })
  await eventually(async () => expect(await matter.innerText()).toContain('ended with status 7 on mill'), 15_000)
  await tab.expectAccessible()
  await tab.shoot('overview failing')

  await save({ name: 'breaks', command: 'true' })
  await run('breaks')
  await tab.page.getByText('Nothing needs your attention').waitFor()
  await eventually(async () => expect(await figure(tab, 'Failing')).toMatch(/^Failing 0 /), 10_000)
  await tab.expectNoLayoutJump()
  expect(await tab.page.evaluate('globalThis.isSamePage')).toBe(true)
})

test('the timeline shows fires past and to come, and can be read by arrow keys', async () => {
  await save({ name: 'ticks', schedule: '@every 2s', command: 'true' })
  await using tab = await openTab(agent, '/ui/')
  await tab.whenLoaded()
  const key = card(tab, 'Fires').getByRole('listitem')
  const amount = async (what: string) => amountIn(await key.filter({ hasText: what }).innerText())
  await eventually(async () => expect(await amount('succeeded')).toBeGreaterThanOrEqual(3), 20_000)
  await eventually(async () => expect(await amount('to come')).toBeGreaterThan(100), 10_000)

  await timeline(tab).focus()
  const words = () => timeline(tab).getAttribute('aria-valuetext')
  const atNow = await words()
  await tab.page.keyboard.press('End')
  expect(await words()).not.toBe(atNow)
  expect(await words()).toMatch(/to come/)
  await tab.page.keyboard.press('Home')
  await tab.page.keyboard.press('ArrowRight')
  expect(Number(await timeline(tab).getAttribute('aria-valuenow'))).toBe(1)

  const before = await amount('to come')
  const ranges = card(tab, 'Fires').getByRole('radio')
  await ranges.first().check({ force: true })
  await eventually(async () => expect(await amount('to come')).not.toBe(before), 10_000)
  await tab.expectAccessible()
  await tab.shoot('overview timeline')
})

test('fires for which no node could be had are told as missed', async () => {
  await save({ name: 'homeless', schedule: '@every 1s', command: 'true', tags: { zone: 'nowhere' } })
  await using tab = await openTab(agent, '/ui/')
  await eventually(async () => expect(await figure(tab, 'Late or missed')).toMatch(/^Late or missed [1-9]/), 20_000)
  await card(tab, 'Needs attention').getByRole('link', { name: 'homeless' }).first().waitFor()
  await tab.shoot('overview missed')
  expect((await agent.dkron('DELETE', '/v1/jobs/homeless')).status).toBe(200)
})

test('each number leads to the list that it counts', async () => {
  await using tab = await openTab(agent, '/ui/')
  await tab.whenLoaded()
  for (const [title, path] of [
    ['Running', '/ui/jobs?status=running'],
    ['Failing', '/ui/jobs?status=failing'],
    ['Replication', '/ui/replications'],
    ['Leader', '/ui/cluster'],
  ] as const) {
    await tab.page
      .getByRole('main')
      .getByRole('link', { name: new RegExp(`^${title}`) })
      .click()
    await eventually(() => expect(tab.page.url()).toBe(agent.dkronUrl + path), 5_000)
    await tab.page.goBack()
    await tab.whenLoaded()
  }
})

/** Of a text such as `1.8k to come`. */
function amountIn(text: string): number {
  const [, digits = '', unit] = /^([\d.]+)\s?(k?)/.exec(text.trim()) ?? []
  return Number(digits) * (unit === 'k' ? 1_000 : 1)
}
