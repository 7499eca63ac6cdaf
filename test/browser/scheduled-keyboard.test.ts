/** One whole path without a mouse: a job is created, run, watched, stopped and deleted. */
import { expect, test } from 'vitest'
import { openTab, type Tab } from '../harness/browser.ts'
import { startAgent } from '../harness/millrace-agent.ts'

/** Presses Tab until the focus is where it has to be; each stop on the way can be seen. */
async function tabTo(tab: Tab, what: string | RegExp, most = 60): Promise<void> {
  const passed: string[] = []
  for (let press = 0; press < most; press += 1) {
    await tab.page.keyboard.press('Tab')
    const focus = await tab.focus()
    passed.push(focus.what)
    expect(focus.isVisible, `the focus on ${focus.what}`).toBe(true)
    if (typeof what === 'string' ? focus.what === what : what.test(focus.what)) return
  }
  throw new Error(`the keyboard does not reach ${what}, only ${passed.join(', ')}`)
}

test('a job is created, run, watched, stopped and deleted with the keyboard alone', async () => {
  await using agent = await startAgent({ args: ['--node-name', 'mill-1'] })
  await using tab = await openTab(agent, '/ui/jobs')
  tab.allow(/^422 for POST .*\/ops\/schedule-preview$/, /^404 for GET .*by-hand/)
  const { page } = tab
  const { keyboard } = page
  await page.getByText('No jobs yet').waitFor()
  await tabTo(tab, 'link "New job"')
  await keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'New job' }).waitFor()

  await tabTo(tab, 'input "Name"')
  await keyboard.type('by hand')
  await tabTo(tab, 'textarea "Command"')
  await keyboard.type('for i in $(seq 1 500); do echo "line $i"; sleep 0.1; done')
  await tabTo(tab, 'input "Run it through /bin/sh"')
  await keyboard.press('Space')
  await tabTo(tab, 'input "Schedule"')
  await keyboard.type('@manually')
  await keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'by-hand' }).waitFor()

  await tabTo(tab, 'button "Run now"')
  await keyboard.press('Enter')
  const output = page.getByRole('region', { name: 'Output on mill-1' })
  await output.getByText('line 5', { exact: true }).waitFor()
  await tabTo(tab, 'input "Search in the output"')
  await keyboard.type('line 3')
  await output.locator('mark.is-current').first().waitFor()
  await tabTo(tab, 'button "Follow"')
  await keyboard.press('Enter')
  await tabTo(tab, 'section "Output on mill-1"')
  await keyboard.press('Home')
  await output.getByText('line 1', { exact: true }).waitFor()

  // Back from the output to the button before it.
  for (let press = 0; !(await tab.focus()).what.startsWith('button "Stop the execution'); press += 1) {
    expect(press).toBeLessThan(12)
    await keyboard.press('Shift+Tab')
  }
  await keyboard.press('Enter')
  await page
    .getByRole('region', { name: 'History' })
    .getByText(/^stopped by request/)
    .waitFor()

  for (let press = 0; (await tab.focus()).what !== 'button "Delete"'; press += 1) {
    expect(press).toBeLessThan(30)
    await keyboard.press('Shift+Tab')
  }
  await keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Delete by-hand?' }).waitFor()
  await tabTo(tab, 'button "Delete job"', 4)
  await keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Scheduled jobs' }).waitFor()
  await page.getByText('No jobs yet').waitFor()
})
