/** The page of an agent that is not part of its cluster yet. */
import { test } from 'vitest'
import { openTab } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import { freePort } from '../harness/free-port.ts'
import { startAgent } from '../harness/millrace-agent.ts'
import { startNats } from '../harness/nats-server.ts'

test('the page of an agent that waits for its cluster says for what, and is there by itself once it has begun', async () => {
  const [natsPort, dkronPort] = [await freePort(), await freePort()]
  const nats = `nats://127.0.0.1:${natsPort}`
  await using stack = new AsyncDisposableStack()
  const starting = startAgent({ dkronPort, args: ['--nats', nats], startWithinMs: 60_000 })
  stack.defer(async () => (await starting.catch(() => null))?.[Symbol.asyncDispose]())
  const dkronUrl = `http://127.0.0.1:${dkronPort}`
  await eventually(async () => (await fetch(`${dkronUrl}/v1/`)).status === 503, 20_000)

  const tab = stack.use(await openTab({ dkronUrl }, '/ui/'))
  tab.allow(/^503 for GET /, /^failed: GET .*net::ERR_(CONNECTION_|EMPTY_RESPONSE)/)
  await tab.page.getByText('Not available now').first().waitFor()
  await tab.page.getByText(`it waits for the NATS at 127.0.0.1:${natsPort}`).first().waitFor()
  await tab.expectAccessible()
  await tab.shoot('waiting for the cluster')

  stack.use(await startNats({ port: natsPort }))
  await starting
  await tab.page.getByText('Live', { exact: true }).waitFor()
  await tab.page.getByText('Nothing needs your attention').waitFor()
  await eventually(async () => (await tab.page.getByText('Not available now').count()) === 0, 10_000)
})
