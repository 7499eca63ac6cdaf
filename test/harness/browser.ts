/**
 * A page of an agent in real headless Chromium, with an empty profile of its own.
 *
 *     await using tab = await openTab(agent, '/ui/jobs')
 *     await tab.page.getByRole('link', { name: 'nightly' }).click()
 *     await tab.shoot('scheduled job')
 *     await tab.expectAccessible()
 *
 * Easy to get wrong: whatever goes wrong in the page unseen (see browser-problems.ts) fails the test at its end, unless the
 * test said `allow`. Disposing the tab ends the watch, so a tab comes after its agent in a test.
 */
import { join } from 'node:path'
import { type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core'
import { expect, onTestFailed, onTestFinished } from 'vitest'
import { findChromium } from '../../scripts/setup/chromium.ts'
import { projectRoot } from '../../scripts/setup/project.ts'
import { dropArtifact, keepArtifact } from './artifacts.ts'
import {
  accessibilityFindings,
  type ColorScheme,
  type Focus,
  focusOf,
  inBothSchemes,
  measureMemory,
  type PageMemory,
  sidewaysOverflow,
} from './browser-checks.ts'
import { BrowserProblems } from './browser-problems.ts'
import { eventually } from './eventually.ts'
import { tempDir } from './temp-dir.ts'

export interface TabOptions {
  /** By default 1280 by 800. */
  readonly viewport?: { readonly width: number; readonly height: number }
  /** What the person's system prefers; by default light. */
  readonly colorScheme?: ColorScheme
  /** Where the person sits; by default `Europe/Berlin`, so that local time and UTC differ. */
  readonly timeZone?: string
  /** A finger instead of a mouse, and scroll bars that take no room. */
  readonly touch?: boolean
}

export interface Tab extends AsyncDisposable {
  /** Playwright's page; what it waits for must come within 15 s. */
  readonly page: Page
  readonly context: BrowserContext
  /** A session of the DevTools protocol. */
  readonly cdp: CDPSession
  /** Opens another address of the same agent, by loading it. */
  load(path: string): Promise<void>
  /** Waits until the page shows its heading, and nothing is on its way any more. */
  whenLoaded(): Promise<void>
  /** Problems that match any of these do not fail the test, those seen before included. */
  allow(...patterns: readonly RegExp[]): void
  /** What would fail the test now. */
  readonly problems: readonly string[]
  /** Keeps `test-artifacts/browser/NAME-light.png` and `-dark.png`, of the page from top to bottom. */
  shoot(name: string): Promise<void>
  /** @throws when axe finds anything serious or critical, in light or in dark */
  expectAccessible(within?: string): Promise<void>
  /** @throws when the page can be scrolled sideways */
  expectNoSidewaysScroll(): Promise<void>
  /** @throws when what a person sees has jumped about since the page was loaded (Cumulative Layout Shift above 0.1) */
  expectNoLayoutJump(): Promise<void>
  /** What has the keyboard's focus. */
  focus(): Promise<Focus>
  /** What the page holds after the garbage was collected. */
  memory(): Promise<PageMemory>
}

/** A size of phones that many people have. */
export const phone: TabOptions = { viewport: { width: 375, height: 667 }, touch: true }

const flags = [
  '--disable-gpu',
  // Letters stand where the font says, not on whole pixels: pictures look as on a screen of today.
  '--font-render-hinting=none',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--js-flags=--expose-gc',
]
const inPageScript = join(projectRoot, 'test/harness/in-page.js')
const patienceMs = 15_000
const highestPicture = 6_000
/** Below this a person does not notice it: web.dev, "Cumulative Layout Shift". */
const goodLayoutShift = 0.1

/**
 * Starts a browser and opens a page of the agent in it. Within a test only.
 *
 * @param path such as `/ui/jobs`
 * @throws SetupError without Chromium; Error when the page was not built or does not load
 */
export async function openTab(
  agent: { readonly dkronUrl: string },
  path: string,
  options: TabOptions = {},
): Promise<Tab> {
  await using stack = new AsyncDisposableStack()
  const colorScheme = options.colorScheme ?? 'light'
  const context = stack.adopt(await openContext(stack, { ...options, colorScheme }), (opened) => opened.close())
  await context.addInitScript({ path: inPageScript })
  const page = await context.newPage()
  page.setDefaultTimeout(patienceMs)
  const problems = new BrowserProblems(page, agent.dkronUrl)
  const cdp = await context.newCDPSession(page)
  const lastSight = await failTestLater(problems)
  const load = async (to: string) => {
    const answer = await page.goto(agent.dkronUrl + to, { waitUntil: 'load' })
    if (answer?.ok() === false)
      throw new Error(`GET ${to} answered ${answer.status()}; 'npm run build:web' builds what the agent serves`)
  }
  await load(path)
  const opened = stack.move()
  return {
    page,
    context,
    cdp,
    load,
    whenLoaded: async () =>
      void (await eventually(() => page.evaluate<boolean>('probe.isLoaded()'), patienceMs, 'the page with its data')),
    allow: (...patterns) => problems.allow(...patterns),
    get problems() {
      return problems.unexpected
    },
    shoot: (name) =>
      inBothSchemes(page, colorScheme, async (scheme) => {
        await keepArtifact(['browser', `${name}-${scheme}.png`], await wholePage(page))
      }),
    expectAccessible: (within) =>
      inBothSchemes(page, colorScheme, async (scheme) => {
        expect(await accessibilityFindings(page, within), `findings of axe in ${scheme}`).toEqual([])
      }),
    async expectNoSidewaysScroll() {
      expect(await sidewaysOverflow(page), `sideways overflow of ${page.url()}`).toEqual({ pixels: 0, by: [] })
    },
    async expectNoLayoutJump() {
      const shift = await page.evaluate<number>('probe.layoutShift()')
      expect(shift, `layout shift of ${page.url()}`).toBeLessThan(goodLayoutShift)
    },
    focus: () => focusOf(page),
    memory: () => measureMemory(cdp),
    async [Symbol.asyncDispose]() {
      problems.end()
      lastSight.picture = await page.screenshot({ timeout: 5_000 }).catch(() => null)
      lastSight.text = await page.evaluate<string>('probe.whatIsSeen()').catch(() => '')
      await opened.disposeAsync()
    },
  }
}

async function openContext(
  stack: AsyncDisposableStack,
  options: TabOptions & { readonly colorScheme: ColorScheme },
): Promise<BrowserContext> {
  const { command, env } = await findChromium()
  const home = stack.use(await tempDir('mr-browser-'))
  const browser = stack.adopt(
    await chromium.launch({
      executablePath: command,
      // Nothing of the person's own settings, fonts or caches.
      env: { ...env, HOME: home.path, XDG_CACHE_HOME: home.path, XDG_CONFIG_HOME: home.path, TZ: 'UTC' },
      args: flags,
      chromiumSandbox: false,
    }),
    (started) => started.close(),
  )
  return browser.newContext({
    viewport: options.viewport ?? { width: 1280, height: 800 },
    colorScheme: options.colorScheme,
    timezoneId: options.timeZone ?? 'Europe/Berlin',
    locale: 'en-GB',
    reducedMotion: 'reduce',
    hasTouch: options.touch ?? false,
    isMobile: options.touch ?? false,
    acceptDownloads: true,
  })
}

/** In a window as high as the page: what sticks to the window's edges would else stand amidst it. */
async function wholePage(page: Page): Promise<Buffer> {
  const window = page.viewportSize()
  if (window === null) return page.screenshot()
  const height = Math.max(window.height, await page.evaluate<number>('document.documentElement.scrollHeight'))
  await page.setViewportSize({ width: window.width, height: Math.min(height, highestPicture) })
  const picture = await page.screenshot()
  await page.setViewportSize(window)
  return picture
}

interface LastSight {
  picture: Buffer | null
  text: string
}

/** Lets the test fail when problems were left, and keeps what the page looked like when it fails. */
async function failTestLater(problems: BrowserProblems): Promise<LastSight> {
  const sight: LastSight = { picture: null, text: '' }
  const testName = expect.getState().currentTestName ?? 'no test'
  const textFile = ['failed', `${testName}.txt`]
  const pictureFile = ['failed', `${testName}.png`]
  await Promise.all([dropArtifact(textFile), dropArtifact(pictureFile)])
  onTestFailed(async () => {
    await keepArtifact(textFile, `${sight.text}\n\nproblems:\n${problems.unexpected.join('\n')}\n`)
    if (sight.picture !== null) await keepArtifact(pictureFile, sight.picture)
  })
  onTestFinished(() => {
    if (problems.unexpected.length > 0)
      throw new Error(`the page had problems that the test does not allow:\n  ${problems.unexpected.join('\n  ')}`)
  })
  return sight
}
