/** Replication jobs in the page, with a real source and a real target. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openTab, type Tab } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'
import { startServer, type TestServer } from '../harness/mysql-servers.ts'
import { startSlowLink } from '../harness/slow-link.ts'
import {
  type Account,
  addAccount,
  cureAsShown,
  fillServer,
  fillSource,
  goOn,
  jobIs,
  rowsOf,
  tabTo,
} from './replication-steps.ts'

const rows = 150_000
const reader = { user: 'reader', password: 'reader-Secret-1' }
const writer = { user: 'writer', password: 'writer-Secret-1' }

let source: TestServer
let target: TestServer
let agent: TestAgent

beforeAll(async () => {
  ;[source, target] = await Promise.all([startServer('mariadb-10.11'), startServer('mariadb-10.11')])
  agent = await startAgent({ args: ['--node-name', 'mill'], startWithinMs: 90_000 })
  await fillSource(source, rows)
  await addAccount(source, reader)
  await source.query(`GRANT SELECT ON *.* TO reader@'%'`)
  await addAccount(target, writer)
})

afterAll(async () => {
  await agent?.[Symbol.asyncDispose]()
  await Promise.all([source?.[Symbol.asyncDispose](), target?.[Symbol.asyncDispose]()])
})

const orders = (tab: Tab, name: string) => tab.page.getByRole('button', { name, exact: true })
const admin = (server: TestServer) => ({ user: server.user, password: server.password })

/** A job of schema `crm`, by the API. */
async function addJob(name: string, account: Account, changes: object = {}): Promise<string> {
  const connection = (server: TestServer, { user, password }: Account) => ({
    ConnectionConfig: { Host: server.host, Port: server.port, User: user, Password: password },
  })
  const config = { ReplicateDoDb: [{ TableSchema: 'crm' }], ...connection(source, admin(source)) }
  const answer = await agent.udup('POST', '/v1/jobs', {
    Name: name,
    Type: 'synchronous',
    Tasks: [
      { Type: 'Src', Driver: 'MySQL', Config: config },
      { Type: 'Dest', Driver: 'MySQL', Config: { ...connection(target, account), ...changes } },
    ],
  })
  expect(answer.status, answer.text).toBe(200)
  return (answer.json as { readonly ID: string }).ID
}

// Whatever a test leaves, the next one begins with no job and an empty target.
afterEach(async () => {
  const { json } = await agent.udup('GET', '/v1/jobs')
  for (const { ID } of json as readonly { readonly ID: string }[]) await agent.udup('DELETE', `/v1/job/${ID}`)
  await target.query('DROP DATABASE IF EXISTS crm; DROP DATABASE IF EXISTS shop')
})

test('a job is made by steps, a privilege that is missing is cured on the way, and its whole life is seen', async () => {
  await using tab = await openTab(agent, '/ui/replications')
  const { page } = tab
  await page.getByText('Nothing is replicated yet').waitFor()
  await tab.expectAccessible()
  await page.getByRole('link', { name: 'Create the first job' }).click()

  // Slow enough for the copy to be watched.
  await using slow = await startSlowLink(source, 3_000_000)
  await fillServer(tab, slow, reader)
  await page.getByRole('button', { name: 'Test the connection' }).click()
  await page.getByText('before a job can run').waitFor()
  await tab.shoot('replication form source')
  await tab.expectAccessible()
  const cures = await cureAsShown(tab, source)
  expect(cures.join('\n')).toMatch(/GRANT .*REPLICATION SLAVE/)
  await page.getByText(/Connected to MariaDB 10\.11/).waitFor()

  await goOn(tab, 'Schemas and tables')
  await page.getByLabel('Search schemas and tables').fill('scratch')
  await page.getByText('crm', { exact: true }).waitFor({ state: 'detached' })
  await page.getByLabel('Search schemas and tables').fill('')
  await page.getByRole('checkbox', { name: 'shop' }).check()
  await page.getByRole('button', { name: 'Tables of shop' }).click()
  await page.getByRole('checkbox', { name: 'scratch' }).uncheck()
  await page.getByText('1 schema, 2 tables').waitFor()
  await tab.shoot('replication form tables')
  await tab.expectAccessible()

  await goOn(tab, 'Target')
  await fillServer(tab, target, writer)
  await page.getByRole('button', { name: 'Test the connection' }).click()
  await page.getByText('before a job can run').waitFor()
  expect((await cureAsShown(tab, target)).join('\n')).toMatch(/GRANT .*CREATE.* ON `?shop`?/)
  await goOn(tab, 'Options')
  await page.getByLabel('Name').fill('shop')
  await page.getByLabel('Sessions that read').fill('1')
  await page.getByLabel('Sessions that write').fill('1')
  await tab.shoot('replication form options')
  await tab.expectAccessible()
  await goOn(tab, 'Review')
  await eventually(async () => expect(await page.getByText(/Connected to MariaDB/).count()).toBe(2), 15_000)
  await page.getByText('The JSON that is posted').click()
  const json = await page.locator('pre', { hasText: '"Tasks"' }).textContent()
  expect(json).toContain('"TableName": "scratch"')
  for (const { password } of [reader, writer]) expect(await page.content()).not.toContain(password)
  await tab.shoot('replication form review')
  await tab.expectAccessible()

  await page.getByRole('button', { name: 'Create the job' }).click()
  await page.getByRole('heading', { level: 1, name: 'shop', exact: true }).waitFor()
  const bar = page.getByRole('progressbar', { name: 'The whole copy' })
  const done = async () => Number((await bar.getAttribute('aria-valuenow', { timeout: 1_000 })) ?? 0)
  const first = await eventually(async () => ((await done()) > 0 ? await done() : undefined), 60_000)
  await tab.shoot('replication job copying')
  await page.getByRole('progressbar', { name: 'shop.orders' }).first().waitFor()
  await page.getByText(/left$/).first().waitFor()
  await eventually(async () => (await bar.count()) === 0 || (await done()) > first, 60_000, 'the bar that grows')

  await page.locator('.page-lead', { hasText: 'following changes' }).waitFor({ timeout: 120_000 })
  await jobIs(tab, 'running')
  expect(await rowsOf(target, 'shop.orders')).toBe(rows)
  await page.getByRole('heading', { name: 'Full copy' }).click()
  await page.getByRole('cell', { name: 'done' }).first().waitFor()
  await page.getByRole('heading', { name: 'Full copy' }).click()

  await source.query(`ALTER TABLE shop.orders ADD COLUMN extra INT`)
  await source.query(`INSERT INTO shop.orders (name, note) SELECT 'late', 'row' FROM seq_1_to_5000`)
  await eventually(async () => expect(await rowsOf(target, 'shop.orders')).toBe(rows + 5_000), 60_000)
  await page.getByText('ALTER TABLE').first().waitFor()
  await page.getByRole('img', { name: /^Rows of shop over the last hour$/ }).waitFor()
  await eventually(async () => expect(await page.locator('.chart canvas').count()).toBe(5), 15_000)
  await page
    .getByText(/domain 0, server/)
    .first()
    .waitFor()
  await tab.shoot('replication job following')
  await tab.expectAccessible()
  await tab.expectNoSidewaysScroll()

  await orders(tab, 'Pause').click()
  await jobIs(tab, 'paused')
  await source.query(`INSERT INTO shop.orders (name) VALUES ('while paused')`)
  await orders(tab, 'Resume').click()
  await jobIs(tab, 'running', 60_000)
  await eventually(async () => expect(await rowsOf(target, 'shop.orders')).toBe(rows + 5_001), 60_000)

  // An event may tell of the deletion before the order is answered.
  tab.allow(/^404 for GET \S+job/)
  await orders(tab, 'Delete').click()
  const question = page.getByRole('dialog', { name: 'Delete shop?' })
  await question.getByText('every schema, table and row at the target').waitFor()
  await tab.shoot('replication job delete')
  await tab.expectAccessible()
  await page.keyboard.press('Escape')
  await question.waitFor({ state: 'detached' })
  await eventually(async () => expect((await tab.focus()).what).toBe('button "Delete"'), 5_000)
  await orders(tab, 'Delete').click()
  await question.getByRole('button', { name: 'Delete the job' }).click()
  await page.getByText('Nothing is replicated yet').waitFor()
  expect(await rowsOf(target, 'shop.orders')).toBe(rows + 5_001)
})

test('a job is made with the keyboard alone', async () => {
  await using tab = await openTab(agent, '/ui/replications')
  const { keyboard } = tab.page
  const type = async (field: string, text: string) => {
    await tabTo(tab, `input "${field}"`)
    await keyboard.press('Control+A')
    await keyboard.type(text)
  }
  const press = async (what: string) => {
    await tabTo(tab, what)
    await keyboard.press('Enter')
  }
  const server = async ({ host, port, user, password }: TestServer) => {
    await type('Host', host)
    await type('Port', String(port))
    await type('Account', user)
    await type('Password', password)
  }
  await tab.whenLoaded()
  await press('link "New job"')
  await server(source)
  await press('button "Test the connection"')
  await tab.page.getByText(/Connected to MariaDB/).waitFor()
  await press('button "Continue"')
  await tab.page.getByRole('heading', { name: 'Schemas and tables' }).waitFor()
  expect((await tab.focus()).what).toBe('h2 "Schemas and tables"')
  await tabTo(tab, 'input "crm"')
  await keyboard.press('Space')
  await press('button "Continue"')
  await tab.page.getByRole('heading', { name: 'Target', exact: true }).waitFor()
  await server(target)
  await keyboard.press('Enter')
  await tab.page.getByRole('heading', { name: 'Options' }).waitFor()
  await type('Name', 'by keyboard')
  await keyboard.press('Enter')
  await tab.page.getByRole('heading', { name: 'Review' }).waitFor()
  await tabTo(tab, 'button "Create the job"')
  expect((await tab.focus()).isVisible).toBe(true)
  await keyboard.press('Enter')
  await tab.page.getByRole('heading', { level: 1, name: 'by keyboard', exact: true }).waitFor()
  expect((await tab.focus()).what).toBe('h1 "by keyboard"')
  await jobIs(tab, 'running', 60_000)
  tab.allow(/^404 for GET \S+job/)
  await press('button "Delete"')
  await tab.page.getByRole('dialog').waitFor()
  await press('button "Delete the job"')
  await tab.page.getByRole('heading', { level: 1, name: 'Replication jobs', exact: true }).waitFor()
})

test('faults are told at their fields, and by the step that they belong to', async () => {
  await using tab = await openTab(agent, '/ui/replications/-/new')
  const { page } = tab
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('give the host name or address').waitFor()
  expect((await tab.focus()).what).toBe('input "Host"')
  expect(await page.getByLabel('Host').getAttribute('aria-invalid')).toBe('true')
  await tab.expectAccessible()
  await fillServer(tab, source, { user: 'reader', password: 'wrong' })
  await page.getByRole('button', { name: 'Test the connection' }).click()
  await page.getByText(/could not connect/).waitFor()
  await tab.shoot('replication form refused')
  await fillServer(tab, source, admin(source))
  await page.getByText('The connection above has changed since this test').waitFor()
  await goOn(tab, 'Schemas and tables')
  await page.getByRole('checkbox', { name: 'crm' }).waitFor()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('pick at least one schema or table').waitFor()
  await page.getByRole('checkbox', { name: 'crm' }).check()
  await goOn(tab, 'Target')
  await fillServer(tab, source, admin(source))
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText(/a server cannot replicate to itself/).waitFor()
  await page.getByRole('link', { name: 'Cluster' }).click()
  const question = page.getByRole('dialog', { name: 'Leave without saving?' })
  await question.getByRole('button', { name: 'Cancel' }).click()
  expect(await page.getByLabel('Host').inputValue()).toBe(source.host)
  await page.getByRole('link', { name: 'Cluster' }).click()
  await question.getByRole('button', { name: 'Leave' }).click()
  await page.getByRole('heading', { level: 1, name: 'Cluster' }).waitFor()
})

test('a stored job is edited without its passwords, and what a change does not do is said', async () => {
  const id = await addJob('people', admin(target))
  await using tab = await openTab(agent, `/ui/replications/${id}`)
  const { page } = tab
  await jobIs(tab, 'running', 60_000)
  await page.locator('.page-lead', { hasText: 'following changes' }).waitFor({ timeout: 60_000 })
  await page.getByRole('link', { name: 'Edit' }).click()
  await page.getByRole('heading', { level: 1, name: 'Edit people', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Test the connection' }).click()
  await page.getByText(/Connected to MariaDB/).waitFor()
  await page.getByLabel('Host').fill('db.example')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText(/the stored one is only for/).waitFor()
  await page.getByLabel('Host').fill(source.host)
  const step = (name: string) => page.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name })
  await step('Schemas and tables').click()
  await page.getByRole('checkbox', { name: 'shop' }).check()
  await step('Options').click()
  await page.getByLabel('Sessions that write').fill('7')
  await step('Review').click()
  await page.getByText(/is not copied once the copy has begun/).waitFor()
  await tab.shoot('replication edit review')
  await tab.expectAccessible()
  await step('Schemas and tables').click()
  await page.getByRole('checkbox', { name: 'shop' }).uncheck()
  await step('Review').click()
  await page.getByText('Both tasks start again').waitFor()
  await page.getByRole('button', { name: 'Save the job' }).click()
  await page.getByRole('heading', { level: 1, name: 'people', exact: true }).waitFor()
  const { json } = await agent.udup('GET', `/v1/job/${id}`)
  expect(json).toMatchObject({ Tasks: [{}, { Config: { ParallelWorkers: 7 } }] })
  await jobIs(tab, 'running', 60_000)
  await source.query(`INSERT INTO crm.people VALUES (2, 'two')`)
  await eventually(async () => expect(await rowsOf(target, 'crm.people')).toBe(2), 60_000)
  expect((await agent.udup('DELETE', `/v1/job/${id}`)).status).toBe(200)
  await page.getByText('There is no such replication job').waitFor()
  tab.allow(/^404 for GET \S+job/)
})

test('a job that needs somebody shows the statement that cures it, and goes on by itself', async () => {
  await addAccount(target, { user: 'poor', password: 'poor-Secret-1' })
  await target.query(`GRANT ALL ON crm.* TO poor@'%'`)
  const id = await addJob('poor', { user: 'poor', password: 'poor-Secret-1' })
  await using tab = await openTab(agent, `/ui/replications/${id}`)
  await jobIs(tab, 'failing', 60_000)
  const statement = await tab.page.getByRole('region', { name: 'Status' }).locator('pre').textContent()
  expect(statement).toMatch(/^GRANT .* ON `millrace`\.\* TO/)
  await tab.page.getByText('MYSQL_MISSING_PRIVILEGE').first().waitFor()
  await tab.shoot('replication job failing')
  await tab.expectAccessible()
  await target.query(statement ?? '')
  await jobIs(tab, 'running', 60_000)
  await tab.page.getByText('over', { exact: true }).first().waitFor()
  expect((await agent.udup('DELETE', `/v1/job/${id}`)).status).toBe(200)
  await tab.page.getByText('There is no such replication job').waitFor()
  tab.allow(/^404 for GET \S+job/)
})

test('the list is live, gives the same orders, and fits a phone', async () => {
  const id = await addJob('listed', admin(target))
  await using tab = await openTab(agent, '/ui/replications', { viewport: { width: 360, height: 740 }, touch: true })
  await using wide = await openTab(agent, '/ui/replications')
  const row = wide.page.getByRole('row', { name: /listed/ })
  const shows = (word: string) =>
    row.locator('.rj-status :visible', { hasText: word }).first().waitFor({ timeout: 60_000 })
  await shows('following changes')
  await tab.whenLoaded()
  await tab.expectNoSidewaysScroll()
  await tab.shoot('replication list phone')
  await wide.shoot('replication list')
  await wide.expectAccessible()
  await agent.udup('POST', `/v1/job/${id}/pause`)
  await shows('paused')
  await tab.page.locator('.badge', { hasText: 'paused' }).first().waitFor()
  await row.getByRole('button', { name: 'Resume listed' }).click()
  await shows('running')
  await wide.page.getByLabel('Search by name or server').fill('no such job')
  await wide.page.getByText('No job fits').waitFor()
  await wide.page.getByLabel('Search by name or server').fill('listed')
  await tab.load(`/ui/replications/${id}`)
  await jobIs(tab, 'running', 60_000)
  await tab.whenLoaded()
  await tab.expectNoSidewaysScroll()
  await tab.shoot('replication job phone')
  await row.getByRole('button', { name: 'Delete listed' }).click()
  await wide.page.getByRole('button', { name: 'Delete the job' }).click()
  await wide.page.getByText('Nothing is replicated yet').waitFor()
  tab.allow(/^404 for GET \S+job/)
})
