/** The agent is gone for a while, and the page stays open. */
import { expect, test } from 'vitest'
import { openTab } from '../harness/browser.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'

test('a page whose agent dies says so and keeps what it showed, and is live and up to date when it is back', async () => {
  await using agent = await startAgent()
  await save(agent, 'before')
  await using tab = await openTab(agent, '/ui/jobs')
  const job = (name: string) => tab.page.getByRole('link', { name, exact: true })
  await job('before').waitFor()
  await tab.page.getByText('Live', { exact: true }).waitFor()
  await tab.whenLoaded()

  await agent.kill()
  tab.allow(/^failed: GET .*net::ERR_(CONNECTION_|INCOMPLETE_CHUNKED|EMPTY_RESPONSE)/, /^503 for GET /)
  await tab.page.getByText('Not live.').waitFor({ timeout: 5_000 })
  await tab.page.getByText('No connection').waitFor()
  expect(await job('before').isVisible()).toBe(true)
  await tab.expectAccessible()
  await tab.shoot('connection lost')

  await agent.start()
  await save(agent, 'while-away')
  await tab.page.getByText('Live', { exact: true }).waitFor()
  await job('while-away').waitFor()
  expect(await tab.page.getByText('Not live.').count()).toBe(0)
})

async function save(agent: TestAgent, name: string): Promise<void> {
  const { status, text } = await agent.dkron('POST', '/v1/jobs', { name, schedule: '@every 1h', command: 'true' })
  expect(status, text).toBe(201)
}
