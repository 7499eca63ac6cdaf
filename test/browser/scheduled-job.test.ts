/** The page of one scheduled job: its runs, their output while it is written, and what can be done with it. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTab, phone, type Tab } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'

interface Execution {
  readonly id: string
  readonly outcome: string
  readonly output: string
}

let agent: TestAgent

beforeAll(async () => {
  agent = await startAgent({ args: ['--node-name', 'mill-1', '--output-limit', '5000000'] })
})

afterAll(async () => {
  await agent?.[Symbol.asyncDispose]()
})

async function save(job: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await agent.dkron('POST', '/v1/jobs', { schedule: '@manually', shell: true, ...job })
  expect(answer.status, answer.text).toBe(201)
}

async function executionsOf(name: string): Promise<readonly Execution[]> {
  return (await agent.dkron('GET', `/v1/executions/${name}`)).json as readonly Execution[]
}

/** Runs a job by hand and waits for the end of that run, with all its retries. */
async function runToEnd(name: string, executions: number): Promise<void> {
  const before = (await executionsOf(name)).length
  await agent.dkron('POST', `/v1/jobs/${name}`)
  await eventually(async () => {
    const now = await executionsOf(name)
    expect(now.length).toBe(before + executions)
    expect(now.every(({ outcome }) => outcome !== 'running')).toBe(true)
    return now
  }, 30_000)
}

function output(tab: Tab) {
  return tab.page.getByRole('region', { name: 'Output on mill-1' })
}

function history(tab: Tab) {
  return tab.page.getByRole('region', { name: 'History' })
}

test('a run is seen from its start to its end: output as it is written, search, pause, and a stop', async () => {
  await save({
    name: 'slow',
    command: 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "row $i of the report"; sleep 0.1; done',
  })
  await using tab = await openTab(agent, '/ui/jobs/slow')
  const { page } = tab
  await page.getByText('It has not run yet').waitFor()
  await page.getByRole('button', { name: 'Run now' }).click()
  const lastRow = async () => Number(/row (\d+) of the report\s*$/.exec(await output(tab).innerText())?.[1] ?? '0')
  await eventually(async () => (await lastRow()) > 30, 30_000, 'thirty rows')
  await history(tab).getByText('by hand').waitFor()
  await page.locator('.output-foot').getByText('Live').waitFor()
  await tab.expectAccessible('.output')
  await tab.shoot('scheduled job, output live')

  await page.getByRole('button', { name: 'Pause' }).click()
  const count = await page.locator('.output-foot').innerText()
  const paused = await lastRow()
  await eventually(async () => (await page.locator('.output-foot').innerText()) !== count, 10_000, 'more rows')
  // What is drawn beyond the edge may be a few rows more.
  expect((await lastRow()) - paused).toBeLessThan(25)
  await page.getByRole('button', { name: 'Follow' }).click()
  await eventually(async () => (await lastRow()) > paused + 25, 20_000, 'the end again')

  await page.getByLabel('Search in the output').fill('row 7 ')
  await page.getByText('1 of 1').waitFor()
  await output(tab).locator('mark.is-current').waitFor()
  expect(await output(tab).locator('mark.is-current').innerText()).toBe('row 7 ')

  await page.getByRole('button', { name: 'Stop the execution on mill-1' }).click()
  await history(tab).getByText('failed').waitFor()
  await history(tab)
    .getByText(/^stopped by request/)
    .waitFor()
  await page.locator('.output-foot').getByText('Ended').waitFor()
  expect(await page.getByRole('button', { name: /^Stop the execution/ }).count()).toBe(0)
  expect((await executionsOf('slow'))[0]?.outcome).toBe('failed')
})

test('the history is grouped by fire, with every attempt, its reason and its output, and grows at both ends', async () => {
  await save({ name: 'retried', command: 'echo trying; exit 3', retries: 1, retry_delay: '100ms' })
  for (let run = 0; run < 3; run += 1) await runToEnd('retried', 2)
  await using tab = await openTab(agent, '/ui/jobs/retried')
  const { page } = tab
  await history(tab).getByText('attempt 2').first().waitFor()
  expect(await history(tab).locator('.fire').count()).toBe(3)
  const fire = history(tab).locator('.fire').first()
  expect(await fire.locator('.run-toggle').count()).toBe(2)
  expect(await fire.locator('.run-toggle').first().innerText()).toMatch(/mill-1.*failed.*exit.*3/s)
  await fire.locator('.run-toggle').nth(1).click()
  await output(tab).getByText('trying').waitFor()
  expect(new URL(page.url()).searchParams.get('run')).toMatch(/-2-mill-1$/)

  await runToEnd('retried', 2)
  await page.getByRole('button', { name: 'Show 1 newer' }).waitFor()
  expect(await output(tab).isVisible()).toBe(true)
  await tab.shoot('scheduled job, history')
  await page.getByRole('button', { name: 'Show 1 newer' }).click()
  await eventually(async () => expect(await history(tab).locator('.fire').count()).toBe(4), 10_000)
  await page.reload()
  await output(tab).getByText('trying').waitFor()
  await tab.expectAccessible()
})

test('older fires come when they are asked for, or when the address names one of them', async () => {
  await save({ name: 'often', command: 'true' })
  for (let run = 0; run < 30; run += 1) await agent.dkron('POST', '/v1/jobs/often')
  await eventually(async () => expect((await executionsOf('often')).length).toBe(30), 30_000)
  await using tab = await openTab(agent, '/ui/jobs/often')
  await eventually(async () => expect(await history(tab).locator('.fire').count()).toBe(25), 10_000)
  await tab.page.getByRole('button', { name: 'Show older' }).click()
  await eventually(async () => expect(await history(tab).locator('.fire').count()).toBe(30), 10_000)
  expect(await tab.page.getByRole('button', { name: 'Show older' }).count()).toBe(0)

  const oldest = (await executionsOf('often'))[0]?.id ?? ''
  await tab.load(`/ui/jobs/often?run=${encodeURIComponent(oldest)}`)
  await tab.page.getByText('It wrote nothing.').waitFor()
  expect(await history(tab).locator('.fire').count()).toBe(30)
})

test('what runs each second comes in by itself, and nothing jumps', async () => {
  await save({ name: 'each-second', schedule: '* * * * * *', command: 'true' })
  await using tab = await openTab(agent, '/ui/jobs/each-second')
  await tab.page.getByText('Every second.').waitFor()
  await tab.page.mouse.move(5, 5)
  const fires = () => history(tab).locator('.fire').count()
  await eventually(async () => expect(await fires()).toBeGreaterThan(2), 20_000)
  const before = await fires()
  await eventually(async () => expect(await fires()).toBeGreaterThan(before + 1), 20_000)
  await agent.dkron('DELETE', '/v1/jobs/each-second')
  tab.allow(/^404 for GET .*each-second/)
  await tab.page.getByText('This job was deleted').waitFor()
})

test('megabytes of output are shown, searched and downloaded without holding the page up', async () => {
  await save({
    name: 'megabytes',
    command: 'seq 1 400000 | sed "s/^/row number /"; head -c 300000 /dev/zero | tr "\\0" x',
  })
  await runToEnd('megabytes', 1)
  await using tab = await openTab(agent, '/ui/jobs/megabytes')
  const { page } = tab
  await history(tab).locator('.run-toggle').first().click()
  await output(tab).getByText('xxxxxxxx').first().waitFor()
  await page.locator('.output-foot').getByText('Ended').waitFor()
  expect(await output(tab).locator('.output-row').count()).toBeLessThan(200)

  await page.getByLabel('Search in the output').fill('number 399999')
  await page.getByText('1 of 1').waitFor()
  expect(await output(tab).locator('mark.is-current').innerText()).toBe('number 399999')
  await page.getByRole('button', { name: 'Wrap lines' }).click()
  await output(tab).getByText('row number 399999').waitFor()

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).click(),
  ])
  const text = await readFile(await download.path(), 'utf8')
  expect(text).toBe((await executionsOf('megabytes'))[0]?.output)
  expect(text.length).toBeGreaterThan(4_000_000)
})

test('what was never started says why', async () => {
  await save({ name: 'nowhere', command: 'true', tags: { role: 'no-node-has-it' } })
  await runToEnd('nowhere', 1)
  await using tab = await openTab(agent, '/ui/jobs/nowhere')
  await history(tab).getByText('unplaced').waitFor()
  await history(tab).locator('.run-toggle').click()
  await tab.page.getByText('There is no output: it was not started.').waitFor()
})

test('a job is disabled, enabled and, after a question, deleted', async () => {
  await save({
    name: 'short-lived',
    displayname: 'Not for long',
    schedule: '0 30 2 * * *',
    timezone: 'Asia/Tokyo',
    command: 'true',
    owner: 'Ada',
    metadata: { ticket: 'OPS-7' },
  })
  await using tab = await openTab(agent, '/ui/jobs/short-lived')
  const { page } = tab
  await page.getByText('Every day at 02:30.').waitFor()
  await page.getByText('Next, by the clock of Asia/Tokyo').waitFor()
  await page.getByText('ticket=OPS-7').waitFor()
  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByText('Disabled: it does not run by itself').waitFor()
  await page.getByRole('button', { name: 'Enable' }).click()
  await page.getByText('Next, by the clock of Asia/Tokyo').waitFor()
  await page.getByRole('button', { name: 'Delete' }).click()
  const question = page.getByRole('dialog', { name: 'Delete short-lived?' })
  await tab.expectAccessible()
  await question.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Delete' }).click()
  await question.getByRole('button', { name: 'Delete job' }).click()
  await page.getByRole('heading', { level: 1, name: 'Scheduled jobs' }).waitFor()
  expect((await agent.dkron('GET', '/v1/jobs/short-lived')).status).toBe(404)
  tab.allow(/^404 for GET .*short-lived/)
  await tab.load('/ui/jobs/short-lived')
  await page.getByText('There is no such job').waitFor()
  await tab.expectAccessible()
})

test('the page of a job fits a phone', async () => {
  await save({
    name: 'pocket',
    displayname: 'Something with a rather long name',
    command: 'echo one; exit 1',
    retries: 1,
  })
  await runToEnd('pocket', 2)
  await using tab = await openTab(agent, '/ui/jobs/pocket', phone)
  await history(tab).locator('.run-toggle').first().click()
  await output(tab).getByText('one').waitFor()
  await tab.expectNoSidewaysScroll()
  await tab.page.setViewportSize({ width: 360, height: 640 })
  await tab.expectNoSidewaysScroll()
  await tab.expectAccessible()
  await history(tab).scrollIntoViewIfNeeded()
  await tab.shoot('scheduled job on a phone')
})

test.each([
  ['its name alone', ''],
  ['a display name too', 'Every night, all of it'],
])('a long name fits a phone, with %s', async (_what, displayname) => {
  const name = 'x'.repeat(200)
  await save({ name, displayname, command: `echo ${'y'.repeat(300)}` })
  await runToEnd(name, 1)
  await using tab = await openTab(agent, '/ui/', phone)
  await tab.page.setViewportSize({ width: 320, height: 640 })
  for (const path of [`/ui/jobs/${name}`, `/ui/jobs/${name}/edit`, '/ui/jobs']) {
    await tab.load(path)
    await tab.page.getByText(name).first().waitFor()
    await tab.expectNoSidewaysScroll()
  }
  await agent.dkron('DELETE', `/v1/jobs/${name}`)
})
