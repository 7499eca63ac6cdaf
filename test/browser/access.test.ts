/** The page of an agent that asks for a token. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openTab } from '../harness/browser.ts'
import { startAgent } from '../harness/millrace-agent.ts'
import { tempDir } from '../harness/temp-dir.ts'

const token = 'planted-0123456789abcdef'

test('the page asks for the token once a tab, tells a wrong one, and never shows or sends it elsewhere', async () => {
  await using folder = await tempDir('mr-access-')
  const tokenPath = join(folder.path, 'api-token')
  writeFileSync(tokenPath, `${token}\n`, { mode: 0o600 })
  await using agent = await startAgent({ apiToken: token, args: ['--api-token-file', tokenPath] })
  await using tab = await openTab(agent, '/ui/cluster')
  tab.allow(/^401 for GET /)
  const addresses: string[] = []
  tab.page.on('request', (request) => addresses.push(request.url()))

  const dialog = tab.page.getByRole('dialog', { name: 'This agent asks for a token' })
  const field = dialog.getByLabel('Access token')
  await dialog.waitFor()
  await tab.expectAccessible()
  await tab.shoot('token')
  expect((await tab.focus()).what).toContain('Access token')

  await tab.page.keyboard.press('Escape')
  expect(await dialog.isVisible()).toBe(true)

  await tab.page.keyboard.type('planted-wrong-0123456789')
  await tab.page.keyboard.press('Enter')
  await dialog.getByText('This token is not accepted').waitFor()

  await field.fill(token)
  await tab.page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'hidden' })
  await tab.page.getByText('Live', { exact: true }).waitFor()
  await tab.page.getByRole('heading', { level: 1, name: 'Cluster' }).waitFor()

  await tab.page.reload()
  await tab.page.getByText('Live', { exact: true }).waitFor()
  expect(await dialog.isVisible()).toBe(false)

  expect(addresses.filter((address) => address.includes('planted'))).toEqual([])
  expect(await tab.page.content()).not.toContain(token)
  const kept = await tab.page.evaluate<string>('JSON.stringify(localStorage) + document.cookie')
  expect(kept).not.toContain(token)

  await using another = await openTab(agent, '/ui/')
  another.allow(/^401 for GET /)
  await another.page.getByRole('dialog', { name: 'This agent asks for a token' }).waitFor()
})
