/** The whole life of a scheduled job by keyboard alone, from the overview to its deletion. No mouse, no finger. */
import { expect, test } from 'vitest'
import { openTab, type Tab } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent } from '../harness/millrace-agent.ts'

const mostStops = 60

test('a job is created, run, watched, stopped, and deleted without a mouse', async () => {
  await using agent = await startAgent()
  await using tab = await openTab(agent, '/ui/')
  tab.allow(/^422 for POST .*\/ops\/schedule-preview$/)
  const { keyboard } = tab.page
  await tab.whenLoaded()

  await goTo(tab, 'link "Scheduled"')
  await keyboard.press('Enter')
  await atHeading(tab, 'Scheduled jobs')
  await goTo(tab, 'link "New job"')
  await keyboard.press('Enter')
  await atHeading(tab, 'New job')

  await goTo(tab, 'input "Name"')
  await keyboard.type('by-hand')
  await goTo(tab, 'textarea "Command"')
  await keyboard.type('echo begun; sleep 60')
  await goTo(tab, 'input "Run it through /bin/sh')
  await keyboard.press('Space')
  await goTo(tab, 'input "Schedule"')
  await keyboard.type('0 0 4 * * *')
  await tab.page.getByText('Every day at 04:00').waitFor()
  await keyboard.press('Enter')
  await atHeading(tab, 'by-hand')

  await goTo(tab, 'button "Run now"')
  await keyboard.press('Enter')
  const output = tab.page.getByText('begun', { exact: true })
  await output.waitFor()
  await goTo(tab, 'button "Stop the execution')
  await keyboard.press('Enter')
  await eventually(async () => {
    const { json } = await agent.dkron('GET', '/v1/executions/by-hand')
    expect(json).toMatchObject([{ outcome: 'failed', reason: expect.stringContaining('stopped') }])
    return true
  }, 15_000)

  await goTo(tab, 'button "Delete"')
  await keyboard.press('Enter')
  const question = tab.page.getByRole('dialog')
  await question.waitFor()
  await keyboard.press('Escape')
  await question.waitFor({ state: 'hidden' })
  await eventually(async () => expect((await tab.focus()).what).toBe('button "Delete"'), 5_000)
  await keyboard.press('Enter')
  await answer(tab, /Delete/)
  await atHeading(tab, 'Scheduled jobs')
  expect((await agent.dkron('GET', '/v1/jobs/by-hand')).status).toBe(404)
})

/** Presses Tab until what begins like this has the focus, which must be seen. */
async function goTo(tab: Tab, wanted: string): Promise<void> {
  const passed: string[] = []
  for (let stop = 0; stop < mostStops; stop += 1) {
    await tab.page.keyboard.press('Tab')
    const { what, isVisible } = await tab.focus()
    passed.push(what)
    if (!what.startsWith(wanted)) continue
    expect(isVisible, `the focus on ${what} is seen`).toBe(true)
    return
  }
  throw new Error(`no way by Tab to ${wanted}; it passed ${passed.join(', ')}`)
}

/** Going to another page takes the focus to its heading, so that Tab goes on from there. */
async function atHeading(tab: Tab, title: string): Promise<void> {
  await tab.page.getByRole('heading', { level: 1, name: title }).waitFor()
  await tab.whenLoaded()
}

/** Where a question is asked, presses the button that does it. */
async function answer(tab: Tab, action: RegExp): Promise<void> {
  const dialog = tab.page.getByRole('dialog')
  await dialog.waitFor()
  const isThere = async () => {
    const { what } = await tab.focus()
    return what.startsWith('button') && action.test(what)
  }
  for (let stop = 0; stop < 5 && !(await isThere()); stop += 1) await tab.page.keyboard.press('Tab')
  expect(await isThere()).toBe(true)
  await tab.page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'hidden' })
}
