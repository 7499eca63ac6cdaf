/** The steps of a replication job's form, as a person takes them, and the servers that they are about. */
import { expect } from 'vitest'
import type { Tab } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import type { TestServer } from '../harness/mysql-servers.ts'

export interface Account {
  readonly user: string
  readonly password: string
}

/** May connect, and nothing else. */
export async function addAccount(server: TestServer, { user, password }: Account): Promise<void> {
  await server.query(`CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`)
}

/** `shop.orders` of so many rows, a table without a key, and another schema. */
export async function fillSource(source: TestServer, rows: number): Promise<void> {
  await source.query(
    `CREATE DATABASE shop; CREATE DATABASE crm; USE shop;
    CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(100), note VARCHAR(300));
    CREATE TABLE audit_log (line VARCHAR(200));
    CREATE TABLE scratch (id INT PRIMARY KEY);
    CREATE TABLE crm.people (id INT PRIMARY KEY, name VARCHAR(50));
    INSERT INTO orders (name, note) SELECT CONCAT('order ', seq), REPEAT('x', 200) FROM seq_1_to_${rows};
    INSERT INTO audit_log SELECT CONCAT('line ', seq) FROM seq_1_to_500;
    INSERT INTO scratch VALUES (1), (2);
    INSERT INTO crm.people VALUES (1, 'one')`,
  )
}

export async function rowsOf(server: TestServer, table: string): Promise<number> {
  const [row] = await server.query<{ n: number | string }[]>(`SELECT COUNT(*) AS n FROM ${table}`)
  return Number(row?.n)
}

export async function fillServer(
  { page }: Tab,
  server: Pick<TestServer, 'host' | 'port'>,
  { user, password }: Account,
): Promise<void> {
  await page.getByLabel('Host').fill(server.host)
  await page.getByLabel('Port').fill(String(server.port))
  await page.getByLabel('Account').fill(user)
  await page.getByLabel('Password', { exact: true }).fill(password)
}

/** Runs each statement that the page shows as a cure, at the server, as an administrator would, until none is left. */
export async function cureAsShown({ page }: Tab, server: TestServer): Promise<readonly string[]> {
  const ran: string[] = []
  for (let round = 0; round < 8; round += 1) {
    const missing = page.getByRole('listitem').filter({ hasText: 'Missing:' })
    if ((await missing.count()) === 0) return ran
    const statement = (await missing.first().locator('pre').first().textContent()) ?? ''
    ran.push(statement)
    await server.query(statement)
    await page.getByRole('button', { name: 'Test again' }).click()
    await eventually(
      async () => expect(await page.getByRole('button', { name: 'Test again' }).isEnabled()).toBe(true),
      15_000,
    )
  }
  throw new Error(`the page still tells of something missing after ${ran.join('; ')}`)
}

export async function goOn({ page }: Tab, heading: string): Promise<void> {
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { level: 2, name: heading, exact: true }).waitFor()
}

/** The word of the job's badge, beside its name. */
export function jobIs({ page }: Tab, word: string, withinMs = 30_000): Promise<void> {
  return page.locator('.page-name .badge', { hasText: word }).waitFor({ timeout: withinMs })
}

/** Presses Tab until that has the focus, `button "Continue"`. */
export async function tabTo(tab: Tab, what: string): Promise<void> {
  const passed: string[] = []
  for (let stops = 0; stops < 60; stops += 1) {
    const { what: here } = await tab.focus()
    if (here === what) return
    passed.push(here)
    await tab.page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard does not reach ${what}; it passes ${passed.join(', ')}`)
}
