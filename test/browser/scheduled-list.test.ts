/** The list of scheduled jobs, as a person meets it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTab, phone, type Tab } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'

async function save(agent: TestAgent, job: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await agent.dkron('POST', '/v1/jobs', { schedule: '@manually', command: 'true', ...job })
  expect(answer.status, answer.text).toBe(201)
}

async function isDisabled(agent: TestAgent, name: string): Promise<boolean> {
  return ((await agent.dkron('GET', `/v1/jobs/${name}`)).json as { disabled: boolean }).disabled
}

function rowOf(tab: Tab, name: string) {
  return tab.page.getByRole('row').filter({ has: tab.page.getByRole('link', { name, exact: true }) })
}

async function namesIn(tab: Tab): Promise<readonly string[]> {
  return tab.page.locator('.job-link').allInnerTexts()
}

async function expectNames(tab: Tab, names: readonly string[]): Promise<void> {
  await eventually(async () => expect(await namesIn(tab)).toEqual(names), 10_000)
}

test('a cluster without jobs says what a job is and leads to the first', async () => {
  await using agent = await startAgent()
  await using tab = await openTab(agent, '/ui/jobs')
  await tab.page.getByText('No jobs yet').waitFor()
  await tab.expectAccessible()
  await tab.shoot('scheduled jobs, none')
  await save(agent, { name: 'first' })
  await tab.page.getByRole('link', { name: 'first', exact: true }).waitFor()
  await tab.page.getByRole('link', { name: 'New job' }).click()
  await tab.page.getByRole('heading', { level: 1, name: 'New job' }).waitFor()
})

test('jobs whose names mean something elsewhere are listed and opened as any other', async () => {
  await using agent = await startAgent()
  const names = ['__proto__', 'constructor', 'new', '-']
  for (const name of names) await save(agent, { name })
  await using tab = await openTab(agent, '/ui/jobs')
  const { page } = tab
  await expectNames(tab, ['-', '__proto__', 'constructor', 'new'])
  for (const name of names) {
    await page.getByRole('link', { name, exact: true }).click()
    await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
    await page.getByText('It has not run yet').waitFor()
    await page.goBack()
  }
  await page.getByRole('link', { name: 'New job' }).click()
  await page.getByRole('heading', { level: 1, name: 'New job' }).waitFor()
})

test('an order for many jobs ends with the page, in which alone it can be stopped', async () => {
  await using agent = await startAgent()
  for (let number = 0; number < 40; number += 1) await save(agent, { name: `many-${number}` })
  await using tab = await openTab(agent, '/ui/cluster')
  const { page } = tab
  let sent = 0
  await page.route(/\/v1\/jobs/, async (route) => {
    if (route.request().method() !== 'GET') {
      sent += 1
      await new Promise((resolve) => setTimeout(resolve, 400))
    }
    await route.continue()
  })
  await page.getByRole('link', { name: 'Scheduled', exact: true }).click()
  await page.getByLabel('select all rows shown').check()
  await page.getByRole('button', { name: 'Disable', exact: true }).click()
  await page.getByRole('button', { name: 'Disable 40 jobs' }).click()
  await page.getByRole('button', { name: 'Stop here' }).waitFor()
  await page.goBack()
  await page.getByRole('heading', { level: 1, name: 'Cluster' }).waitFor()
  await page.getByText(/^\d+ jobs? disabled, \d+ not reached$/).waitFor()
  const sentThen = sent
  expect(sentThen).toBeLessThan(40)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(sent).toBe(sentThen)
})

describe('a list of jobs', () => {
  let agent: TestAgent

  beforeAll(async () => {
    agent = await startAgent({ args: ['--tag', 'role=web'] })
    for (let number = 0; number < 60; number += 1)
      await save(agent, {
        name: `batch-${String(number).padStart(2, '0')}`,
        tags: number % 2 === 0 ? { role: 'web' } : {},
      })
    await save(agent, { name: 'alpha', displayname: 'The first letter', disabled: true })
    await save(agent, { name: 'breaks', command: 'exit 4', shell: true })
    await save(agent, { name: 'new-york', schedule: '0 30 2 * * *', timezone: 'America/New_York' })
    await save(agent, { name: 'works', command: 'sleep 0.1', shell: true })
    for (const name of ['breaks', 'works']) await agent.dkron('POST', `/v1/jobs/${name}`)
  })

  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]()
  })

  test('is searched, filtered, sorted and paged by the agent, with all of it in the address', async () => {
    await using tab = await openTab(agent, '/ui/jobs')
    const { page } = tab
    await page.getByText('1–50 of 64 jobs').waitFor()
    await tab.expectNoLayoutJump()
    await page.getByRole('button', { name: 'Next page' }).click()
    await page.getByText('51–64 of 64 jobs').waitFor()
    expect(new URL(page.url()).search).toBe('?page=2')
    await page.goBack()
    await page.getByText('1–50 of 64 jobs').waitFor()

    await page.getByLabel('Search').pressSequentially('tch-1')
    await page.getByText('1–10 of 10 matching of 64 jobs').waitFor()
    expect(new URL(page.url()).search).toBe('?search=tch-1')
    await page.getByLabel('Tag').selectOption('role=web')
    await expectNames(tab, ['batch-10', 'batch-12', 'batch-14', 'batch-16', 'batch-18'])
    await page.getByRole('button', { name: 'Job', exact: true }).click()
    await expectNames(tab, ['batch-18', 'batch-16', 'batch-14', 'batch-12', 'batch-10'])
    expect(await page.getByRole('columnheader', { name: 'Job' }).getAttribute('aria-sort')).toBe('descending')
    await page.reload()
    await expectNames(tab, ['batch-18', 'batch-16', 'batch-14', 'batch-12', 'batch-10'])
    expect(await page.getByLabel('Search').inputValue()).toBe('tch-1')

    await page.getByLabel('Search').fill('no such thing')
    await page.getByText('No job matches').waitFor()
    await tab.shoot('scheduled jobs, none matching')
    await page.getByRole('button', { name: 'Show all jobs' }).click()
    await page.getByText('1–50 of 64 jobs').waitFor()
    await tab.load('/ui/jobs?page=9')
    await page.getByRole('button', { name: 'Go to the last page' }).click()
    await page.getByText('51–64 of 64 jobs').waitFor()
  })

  test('tells the status, the runs with their times and rates, and the next run on both clocks', async () => {
    await using tab = await openTab(agent, '/ui/jobs?status=failing')
    await expectNames(tab, ['breaks'])
    await rowOf(tab, 'breaks').getByText('Failing').waitFor()
    await rowOf(tab, 'breaks').getByText('0 %').waitFor()
    await rowOf(tab, 'breaks').getByRole('img', { name: '0 of the last 1 runs succeeded' }).waitFor()
    await tab.page.getByLabel('Status').selectOption('disabled')
    await expectNames(tab, ['The first letter'])
    await tab.load('/ui/jobs?search=new-york')
    await rowOf(tab, 'new-york').getByText('02:30:00').waitFor()
    await rowOf(tab, 'new-york').getByText('America/New_York').first().waitFor()
    await rowOf(tab, 'new-york')
      .getByText(/0[78]:30:00/)
      .waitFor()
  })

  test('follows what happens, without a reload', async () => {
    await using tab = await openTab(agent, '/ui/jobs?search=live')
    await tab.page.getByText('No job matches').waitFor()
    await save(agent, { name: 'live', command: 'sleep 4', shell: true })
    await rowOf(tab, 'live').getByText('Never ran').waitFor()
    await tab.page.getByRole('button', { name: 'Run live now' }).click()
    await rowOf(tab, 'live').getByText('Running').waitFor()
    await rowOf(tab, 'live').getByText('Succeeding').waitFor()
    await rowOf(tab, 'live').getByText('100 %').waitFor()
    await agent.dkron('DELETE', '/v1/jobs/live')
    await tab.page.mouse.move(5, 5)
    await tab.page.locator('h1').click()
    await tab.page.getByText('No job matches').waitFor()
  })

  test('takes orders for many jobs at once, after a question, and says how it went', async () => {
    await using tab = await openTab(agent, '/ui/jobs?search=batch-0')
    const { page } = tab
    for (const name of ['batch-01', 'batch-02', 'batch-03']) await page.getByLabel(`select ${name}`).check()
    await page.getByText('3 jobs selected').waitFor()
    await page.getByRole('button', { name: 'Disable', exact: true }).click()
    const question = page.getByRole('dialog', { name: 'Disable 3 jobs?' })
    await question.getByText('batch-02').waitFor()
    await tab.expectAccessible()
    await tab.shoot('scheduled jobs, a question')
    await question.getByRole('button', { name: 'Cancel' }).click()
    expect(await isDisabled(agent, 'batch-01')).toBe(false)

    await page.getByRole('button', { name: 'Disable', exact: true }).click()
    await question.getByRole('button', { name: 'Disable 3 jobs' }).click()
    await page.getByText('3 jobs disabled').waitFor()
    await page.getByText('1–10 of 10 matching of 64 jobs').waitFor()
    await eventually(
      async () => expect(await rowOf(tab, 'batch-03').getByText('Disabled', { exact: true }).count()).toBe(1),
      10_000,
    )
    expect(await isDisabled(agent, 'batch-01')).toBe(true)

    await page.getByLabel('select all rows shown').check()
    await page.getByRole('button', { name: 'Enable', exact: true }).click()
    await page.getByRole('button', { name: 'Enable 10 jobs' }).click()
    await page.getByText('10 jobs enabled').waitFor()
    expect(await isDisabled(agent, 'batch-01')).toBe(false)
  })

  test('names the jobs that an order failed for, and can try them again', async () => {
    for (const name of ['gone-1', 'gone-2', 'gone-3']) await save(agent, { name })
    await using tab = await openTab(agent, '/ui/jobs?search=gone-')
    tab.allow(/^404 for POST .*\/v1\/jobs\/gone-2$/)
    const { page } = tab
    await page.getByLabel('select all rows shown').check()
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.getByRole('dialog', { name: 'Run 3 jobs?' }).waitFor()
    await agent.dkron('DELETE', '/v1/jobs/gone-2')
    await page.getByRole('button', { name: 'Run 3 jobs' }).click()
    const result = page.getByRole('dialog', { name: 'Run: how it went' })
    await result.getByText('2 jobs started, 1 failed.').waitFor()
    await result.getByText(/there is no job/i).waitFor()
    await tab.expectAccessible()
    await tab.shoot('scheduled jobs, a result')
    await save(agent, { name: 'gone-2' })
    await result.getByRole('button', { name: 'Try the failed ones again' }).click()
    await page.getByText('1 job started').waitFor()
    await result.waitFor({ state: 'hidden' })
  })

  test('deletes the jobs of a filter, also those that are on other pages', async () => {
    for (let number = 0; number < 30; number += 1) await save(agent, { name: `old-${number}` })
    await using tab = await openTab(agent, '/ui/jobs?search=old-&size=25')
    const { page } = tab
    await page.getByLabel('select all rows shown').check()
    await page.getByText('25 jobs selected').waitFor()
    await page.getByRole('button', { name: 'Select all 30' }).click()
    await page.getByText('30 jobs selected').waitFor()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('button', { name: 'Delete 30 jobs' }).click()
    await page.getByText('30 jobs deleted').waitFor()
    await page.getByText('No job matches').waitFor()
    expect((await agent.dkron('GET', '/v1/jobs/old-29')).status).toBe(404)
  })

  test('fits a phone, and everybody can use it', async () => {
    await using tab = await openTab(agent, '/ui/jobs?size=25', phone)
    await tab.page.getByText(/^1–25 of \d+ jobs$/).waitFor()
    await tab.expectNoSidewaysScroll()
    await tab.expectAccessible()
    await tab.shoot('scheduled jobs on a phone')
    await tab.page.setViewportSize({ width: 360, height: 640 })
    await tab.expectNoSidewaysScroll()
    await tab.page.getByRole('button', { name: 'Run alpha now' }).waitFor()
  })

  test('shows itself whole on a screen', async () => {
    await using tab = await openTab(agent, '/ui/jobs?sort=last&order=desc&size=25')
    await tab.page.getByText(/^1–25 of \d+ jobs$/).waitFor()
    await tab.expectAccessible()
    await tab.shoot('scheduled jobs')
  })
})
