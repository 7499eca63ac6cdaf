/** What tests ask of a whole page: whether everybody can use it, whether it fits, and what it holds in memory. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { CDPSession, Page } from 'playwright-core'

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const schemes = ['light', 'dark'] as const

export type ColorScheme = (typeof schemes)[number]

/** Does `work` with the page in light, then in dark, and leaves it as a person who prefers `last` sees it. */
export async function inBothSchemes(
  page: Page,
  last: ColorScheme,
  work: (scheme: ColorScheme) => Promise<void>,
): Promise<void> {
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme })
    await work(scheme)
  }
  await page.emulateMedia({ colorScheme: last })
}

/**
 * axe-core's rules for the page as it is now.
 *
 * @param within a CSS selector of the part to look at; by default all
 * @returns the findings of impact serious and critical, one text each
 */
export async function accessibilityFindings(page: Page, within?: string): Promise<readonly string[]> {
  if (!(await page.evaluate<boolean>('"axe" in globalThis'))) await page.evaluate(await readFile(axePath, 'utf8'))
  const results = await page.evaluate<AxeResults>(`probe.accessibility(${JSON.stringify(within)})`)
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => {
      const places = nodes.slice(0, 5).map((node) => `\n    ${node.html.slice(0, 200)}\n      ${node.failureSummary}`)
      return `${id} (${help}) in ${nodes.length} places${places.join('')}`
    })
}

export interface PageMemory {
  /** Of JavaScript objects that are still in use, after the garbage was collected. */
  readonly heapBytes: number
  readonly domNodes: number
  readonly listeners: number
}

/** What the page holds; collects the garbage first, for which the browser was started with `--expose-gc`. */
export async function measureMemory(cdp: CDPSession): Promise<PageMemory> {
  // Twice: what the first round finalises is freed by the second. (HeapProfiler.collectGarbage does up to seven rounds and
  // throws away compiled code too, which a busy page then has to make again.)
  for (let round = 0; round < 2; round += 1) await cdp.send('Runtime.evaluate', { expression: 'gc()' })
  const { usedSize } = await cdp.send('Runtime.getHeapUsage')
  const { nodes, jsEventListeners } = await cdp.send('Memory.getDOMCounters')
  return { heapBytes: usedSize, domNodes: nodes, listeners: jsEventListeners }
}

export interface SidewaysOverflow {
  readonly pixels: number
  /** The beginning of each element that sticks out. */
  readonly by: readonly string[]
}

/** By how many pixels the page is wider than its window. */
export function sidewaysOverflow(page: Page): Promise<SidewaysOverflow> {
  return page.evaluate('probe.sidewaysOverflow()')
}

export interface Focus {
  /** As `role "name"`, for example `button "Delete"`; `nothing` when no element has it. */
  readonly what: string
  /** Whether the element shows that it has the focus, and is in sight. */
  readonly isVisible: boolean
}

/** What has the keyboard's focus. */
export function focusOf(page: Page): Promise<Focus> {
  return page.evaluate('probe.focus()')
}
