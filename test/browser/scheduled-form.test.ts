/** Scheduled jobs are created and changed, as a form and as JSON. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTab, phone, type Tab } from '../harness/browser.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'

let agent: TestAgent

beforeAll(async () => {
  agent = await startAgent({ args: ['--tag', 'role=web'] })
})

afterAll(async () => {
  await agent?.[Symbol.asyncDispose]()
})

/** While one types, a schedule is not one yet. */
const halfTyped = /^422 for POST .*\/ops\/schedule-preview$/
const refused = /^422 for POST .*\/v1\/check\/job$/

async function stored(name: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = await agent.dkron('GET', `/v1/jobs/${name}`)
  expect(answer.status, answer.text).toBe(200)
  return answer.json as Readonly<Record<string, unknown>>
}

async function save(job: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await agent.dkron('POST', '/v1/jobs', { schedule: '@manually', command: 'true', ...job })
  expect(answer.status, answer.text).toBe(201)
}

function helper(tab: Tab) {
  return tab.page.getByRole('region', { name: 'What the schedule means' })
}

test('a job is created with every field, and the schedule is explained while it is typed', async () => {
  await using tab = await openTab(agent, '/ui/jobs/-/new')
  tab.allow(halfTyped)
  const { page } = tab
  await page.getByLabel('Name', { exact: true }).fill('Night Shift')
  await page.getByText('Is stored as night-shift.').waitFor()
  await page.getByLabel(/^Display name/).fill('The night shift')
  await page.getByLabel('Command').fill('echo "good night" | cat')
  await page.getByLabel('Run it through /bin/sh').check()
  await page.getByLabel('Schedule', { exact: true }).pressSequentially('0 30 2 * * SUN')
  await helper(tab).getByText('On Sundays at 02:30.').waitFor()
  await page.getByLabel(/^Time zone/).fill('America/New_York')
  await helper(tab).getByText('The next times, by the clock of America/New_York').waitFor()
  expect(await helper(tab).getByRole('listitem').count()).toBe(10)
  await helper(tab).getByText('for you').first().waitFor()
  await page.getByLabel('Disabled').check()
  await page.getByRole('button', { name: 'Add tag' }).click()
  expect((await tab.focus()).what).toBe('input "tag 1, name"')
  await page.keyboard.type('role')
  await page.keyboard.press('Tab')
  await page.keyboard.type('web:1')
  await page.getByLabel(/^Time limit/).fill('90s')
  await page.getByLabel('Retries').fill('3')
  await page.getByLabel('Wait before a retry').fill('5s')
  await page.getByLabel('When an earlier run still goes on').selectOption({ label: 'Skip this one' })
  await page.getByLabel('Fires that could not happen').selectOption({ label: 'Make up for the last' })
  await page.getByLabel('Late limit').fill('10m')
  await page.getByLabel(/^Owner optional/).fill('Ada')
  await page.getByLabel(/^Owner's mail address/).fill('ada@example.org')
  await page.getByRole('button', { name: 'Add entry' }).click()
  await page.keyboard.type('ticket')
  await page.keyboard.press('Tab')
  await page.keyboard.type('OPS-1')
  await tab.expectAccessible()
  await tab.shoot('scheduled job, form')
  await page.getByRole('button', { name: 'Create job' }).click()
  await page.getByRole('heading', { level: 1, name: 'The night shift' }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/ui/jobs/night-shift')
  expect(await stored('night-shift')).toMatchObject({
    displayname: 'The night shift',
    schedule: '0 30 2 * * SUN',
    timezone: 'America/New_York',
    command: 'echo "good night" | cat',
    shell: true,
    run_as_user: '',
    owner: 'Ada',
    owner_email: 'ada@example.org',
    disabled: true,
    tags: { role: 'web:1' },
    concurrency: 'forbid',
    catchup: 'last',
    late_limit: '10m0s',
    timeout: '1m30s',
    retries: 3,
    retry_delay: '5s',
    metadata: { ticket: 'OPS-1' },
  })
})

test('changes of the clocks are marked where they meet the schedule', async () => {
  await using tab = await openTab(agent, '/ui/jobs/-/new')
  tab.allow(halfTyped)
  // Every day in spring: ten times from now on need not meet the change, so the days around it are named.
  await tab.page.getByLabel('Schedule', { exact: true }).fill('0 30 2 24-31 3 *')
  await tab.page.getByLabel(/^Time zone/).fill('Europe/Berlin')
  await helper(tab)
    .getByText(/clock goes forward from 02:00 to 03:00/)
    .waitFor()
  await tab.expectAccessible('.helper')
  await tab.shoot('scheduled job, clock change')
})

test('what the agent finds wrong stands at its field, and the first has the focus', async () => {
  await using tab = await openTab(agent, '/ui/jobs/-/new')
  tab.allow(halfTyped, refused)
  const { page } = tab
  await page.getByLabel('Name', { exact: true }).fill('wrong')
  await page.getByLabel('Command').fill('echo "never closed')
  await page.getByLabel('Schedule', { exact: true }).fill('61 * * * * *')
  await page.getByText('This is not a schedule yet.').waitFor()
  await page.getByLabel('Late limit').fill('soon')
  await page.getByRole('button', { name: 'Add tag' }).click()
  await page.keyboard.type('role')
  await page.keyboard.press('Tab')
  await page.keyboard.type('web:0')
  await page.getByRole('button', { name: 'Create job' }).click()
  await page.getByRole('alert').getByText('4 fields need a look').waitFor()
  expect((await tab.focus()).what).toBe('textarea "Command"')
  await page.getByText('Has a double quote at position 6 that is never closed', { exact: true }).waitFor()
  for (const label of ['Command', 'Schedule', 'Late limit'])
    expect(await page.getByLabel(label, { exact: true }).getAttribute('aria-invalid'), label).toBe('true')
  expect(await page.getByLabel('tag 1, value').getAttribute('aria-invalid')).toBe('true')
  await tab.expectAccessible()
  await tab.shoot('scheduled job, wrong fields')
  await page.getByRole('button', { name: 'Late limit' }).click()
  expect((await tab.focus()).what).toBe('input "Late limit"')
  await page.getByLabel('Late limit').fill('1m')
  expect(await page.getByLabel('Late limit').getAttribute('aria-invalid')).toBeNull()
})

test('a name that is taken is not taken over', async () => {
  await save({ name: 'taken', command: 'echo mine' })
  await using tab = await openTab(agent, '/ui/jobs/-/new')
  tab.allow(halfTyped)
  await tab.page.getByLabel('Name', { exact: true }).fill('Taken')
  await tab.page.getByLabel('Command').fill('echo yours')
  await tab.page.getByLabel('Schedule', { exact: true }).fill('@daily')
  await tab.page.keyboard.press('Enter')
  await tab.page.getByText('Is taken by another job: "taken"', { exact: true }).waitFor()
  expect(await stored('taken')).toMatchObject({ command: 'echo mine' })
})

test('the form and the JSON are the same job, both ways', async () => {
  await save({ name: 'both', tags: { role: 'web' }, metadata: { a: '1' }, timeout: '1h' })
  await using tab = await openTab(agent, '/ui/jobs/both/edit')
  const { page } = tab
  await page.getByLabel('Command').fill('echo changed in the form')
  await page.getByRole('tab', { name: 'JSON' }).click()
  const text = page.getByLabel('Job as JSON')
  const job = JSON.parse(await text.inputValue()) as Record<string, unknown>
  expect(job).toMatchObject({
    name: 'both',
    command: 'echo changed in the form',
    tags: { role: 'web' },
    timeout: '1h0m0s',
  })

  await text.fill('{ "name": "both", ')
  await page.getByText(/This is not valid JSON/).waitFor()
  await page.getByRole('tab', { name: 'Form' }).click()
  expect(await text.isVisible()).toBe(true)
  expect(await page.getByRole('button', { name: 'Save changes' }).isDisabled()).toBe(true)
  await tab.expectAccessible()
  await tab.shoot('scheduled job, JSON')

  await text.fill(JSON.stringify({ ...job, owner: 'Grace', retries: 2, executor: 'shell' }))
  await page.getByText(/does not know "executor"/).waitFor()
  await page.getByRole('tab', { name: 'Form' }).click()
  expect(await page.getByLabel(/^Owner optional/).inputValue()).toBe('Grace')
  expect(await page.getByLabel('Retries').inputValue()).toBe('2')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByRole('heading', { level: 1, name: 'both' }).waitFor()
  expect(await stored('both')).toMatchObject({
    command: 'echo changed in the form',
    owner: 'Grace',
    retries: 2,
    metadata: { a: '1' },
    timeout: '1h0m0s',
  })
})

test('who edits a job learns that somebody else changed it, and does not undo that', async () => {
  await save({ name: 'shared', owner: 'Ada' })
  await using tab = await openTab(agent, '/ui/jobs/shared/edit')
  await tab.page.getByLabel('Command').fill('echo from the page')
  await save({ name: 'shared', owner: 'Grace' })
  await tab.page.getByText('Meanwhile somebody changed this job: Owner.').waitFor()
  await tab.page.getByRole('button', { name: 'Save changes' }).click()
  await tab.page.getByRole('heading', { level: 1, name: 'shared' }).waitFor()
  expect(await stored('shared')).toMatchObject({ owner: 'Grace', command: 'echo from the page' })
})

test('a job is copied under another name, and an unknown one cannot be edited', async () => {
  await save({ name: 'model', command: 'echo model', owner: 'Ada' })
  await using tab = await openTab(agent, '/ui/jobs/model')
  await tab.page.getByRole('button', { name: 'Duplicate' }).click()
  await tab.page.getByRole('heading', { level: 1, name: 'New job' }).waitFor()
  await tab.page.getByRole('button', { name: 'Create job' }).click()
  await tab.page.getByRole('heading', { level: 1, name: 'model-copy' }).waitFor()
  expect(await stored('model-copy')).toMatchObject({ command: 'echo model', owner: 'Ada' })

  tab.allow(/^404 for GET .*\/v1\/jobs\/nothing$/)
  await tab.load('/ui/jobs/nothing/edit')
  await tab.page.getByText('Not found').waitFor()
})

test('who leaves with changes that are not saved is asked first', async () => {
  await save({ name: 'unsaved', command: 'echo before' })
  await using tab = await openTab(agent, '/ui/jobs/unsaved/edit')
  const { page } = tab
  await page.getByLabel('Command').fill('echo after')
  await page.getByRole('link', { name: 'Cluster' }).click()
  const question = page.getByRole('dialog', { name: 'Leave without saving?' })
  await question.getByRole('button', { name: 'Cancel' }).click()
  expect(await page.getByLabel('Command').inputValue()).toBe('echo after')
  await page.getByRole('link', { name: 'Cancel' }).click()
  await question.getByRole('button', { name: 'Leave' }).click()
  await page.getByRole('heading', { level: 1, name: 'unsaved' }).waitFor()
  expect(await stored('unsaved')).toMatchObject({ command: 'echo before' })
})

test('the form fits a phone', async () => {
  await save({ name: 'pocket', schedule: '0 30 2 * * SUN', timezone: 'Asia/Tokyo', tags: { role: 'web' } })
  await using tab = await openTab(agent, '/ui/jobs/pocket/edit', phone)
  await helper(tab).getByText('On Sundays at 02:30.').waitFor()
  await tab.expectNoSidewaysScroll()
  await tab.expectAccessible()
  await tab.shoot('scheduled job, form on a phone')
})
