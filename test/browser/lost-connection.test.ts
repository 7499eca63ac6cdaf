/** The agent is gone for a while, and the page stays open. */
import { expect, test } from 'vitest'
import { openTab } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent } from '../harness/millrace-agent.ts'

test('a page whose agent dies says that the connection is lost, and is live and up to date when it is back', async () => {
  await using agent = await startAgent()
  await using tab = await openTab(agent, '/ui/jobs')
  await tab.page.getByText('Live', { exact: true }).waitFor()

  await agent.kill()
  tab.allow(/^failed: GET .*net::ERR_(CONNECTION_|INCOMPLETE_CHUNKED|EMPTY_RESPONSE)/, /^50[0-9] for GET /)
  await tab.page.getByText('The connection to this node is lost').waitFor({ timeout: 5_000 })
  await tab.page.getByText('No connection').waitFor()
  await tab.expectAccessible()
  await tab.shoot('connection lost')

  await agent.start()
  const saved = await agent.dkron('POST', '/v1/jobs', { name: 'while-away', schedule: '@every 1h', command: 'true' })
  expect(saved.status, saved.text).toBe(201)
  await tab.page.getByText('Live', { exact: true }).waitFor()
  await eventually(async () => expect(await tab.page.getByText('while-away').count()).toBeGreaterThan(0), 15_000)
  expect(await tab.page.getByText('The connection to this node is lost').count()).toBe(0)
})
