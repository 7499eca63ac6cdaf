/** Takes each page in light and in dark. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import { Scope } from '../../src/core/scope.ts'
import { findChromium } from '../setup/chromium.ts'
import { projectRoot } from '../setup/project.ts'
import { smallPng } from './small-png.ts'
import { openWorld, type World } from './world.ts'

interface Shot {
  readonly name: string
  path(world: World): string
  /** What is done before the picture is taken. */
  prepare?(page: Page, world: World): Promise<void>
}

const viewport = { width: 1280, height: 800 }
const folder = join(projectRoot, 'docs/images')

const shots: readonly Shot[] = [
  {
    name: 'overview',
    path: () => '/ui/',
    prepare: (page) => page.getByText('±15 min').click(),
  },
  { name: 'jobs', path: () => '/ui/jobs' },
  { name: 'job', path: () => '/ui/jobs/search-index', prepare: showOutput },
  { name: 'new-job', path: () => '/ui/jobs/new', prepare: fillJob },
  { name: 'replications', path: () => '/ui/replications' },
  { name: 'replication', path: ({ replicationId }) => `/ui/replications/${replicationId}` },
  { name: 'new-replication', path: () => '/ui/replications/new', prepare: testSource },
  { name: 'cluster', path: () => '/ui/cluster' },
]

/** @param workMs how long the jobs work before, so that there is something to see */
export async function takeScreenshots(workMs: number): Promise<void> {
  await using scope = new Scope()
  await mkdir(folder, { recursive: true })
  const world = await openWorld(scope)
  process.stdout.write(`the jobs work at ${world.agent.dkronUrl}/ui/ for ${workMs / 1000} s\n`)
  await sleep(workMs)
  const browser = scope.use(await startBrowser(), (started) => started.close())
  for (const shot of shots) for (const scheme of ['light', 'dark'] as const) await take(browser, shot, scheme, world)
}

async function startBrowser(): Promise<Browser> {
  const { command, env } = await findChromium()
  return chromium.launch({
    executablePath: command,
    env: { ...env, TZ: 'UTC' },
    args: ['--disable-gpu'],
    chromiumSandbox: false,
  })
}

async function take(browser: Browser, shot: Shot, colorScheme: 'light' | 'dark', world: World): Promise<void> {
  const context = await browser.newContext({
    viewport,
    colorScheme,
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin',
  })
  const page = await context.newPage()
  await page.goto(world.agent.dkronUrl + shot.path(world))
  await page.locator('h1').waitFor()
  await page.locator('.skeleton').first().waitFor({ state: 'detached' })
  await shot.prepare?.(page, world)
  // Charts and lists that come by themselves.
  await sleep(2_500)
  const png = smallPng(await page.screenshot())
  await writeFile(join(folder, `${shot.name}-${colorScheme}.png`), png)
  process.stdout.write(`${shot.name}-${colorScheme}.png ${Math.round(png.length / 1000)} kB\n`)
  await context.close()
}

async function showOutput(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /output/i })
    .first()
    .click()
}

async function fillJob(page: Page): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill('weekly-digest')
  await page.getByLabel('Command').fill('/usr/local/bin/digest --week')
  await page.getByLabel('Schedule', { exact: true }).fill('0 30 2 * * SUN')
  await page.getByLabel('Time zone').fill('Europe/Berlin')
  await page.getByRole('heading', { name: 'When' }).scrollIntoViewIfNeeded()
  await page.mouse.wheel(0, 400)
}

async function testSource(page: Page, { source }: World): Promise<void> {
  await page.getByLabel('Host').fill(source.host)
  await page.getByLabel('Port').fill(String(source.port))
  await page.getByLabel('Account').fill(source.user)
  await page.getByLabel('Password', { exact: true }).fill(source.password)
  await page.getByRole('button', { name: 'Test the connection' }).click()
  await page.getByRole('button', { name: 'Test again' }).waitFor()
}
