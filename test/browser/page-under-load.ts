/**
 * Pages that stay open while a hundred events a second arrive, and what they hold in memory meanwhile.
 *
 * Sixty jobs fire each second, and the agent tells the page when each run begins and when it ends: 120 events a second.
 * (Runs that end within a quarter of a second are told once.) Growth is told in bytes per event.
 *
 * Easy to get wrong: a page that has just been opened still fills its lists, so nothing counts before it is full.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { openTab, type Tab } from '../harness/browser.ts'
import type { PageMemory } from '../harness/browser-checks.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'

const busyJobs = 60

export interface Growth {
  readonly path: string
  /** How many runs began or ended while it was measured, as this process heard of them from the same agent. */
  readonly events: number
  readonly eventsPerSecond: number
  readonly bytesPerEvent: number
  readonly heapGrowthBytes: number
  readonly nodeGrowth: number
  readonly listenerGrowth: number
  readonly samples: readonly PageMemory[]
}

export interface LoadOptions {
  readonly paths: readonly string[]
  /** Before the first measurement. */
  readonly fillMs: number
  readonly measureMs: number
}

/** Opens a page of each path, and measures them at the same time. */
export async function growthUnderLoad(options: LoadOptions): Promise<readonly Growth[]> {
  await using agent = await startAgent()
  for (let index = 0; index < busyJobs; index += 1) {
    const job = { name: `busy-${index}`, schedule: '@every 1s', command: 'sleep 0.4' }
    const saved = await agent.dkron('POST', '/v1/jobs', job)
    expect(saved.status, saved.text).toBe(201)
  }
  using heard = await hearEvents(agent)
  await using stack = new AsyncDisposableStack()
  const tabs: Tab[] = []
  for (const path of options.paths) tabs.push(stack.use(await openTab(agent, path)))
  for (const tab of tabs) await tab.page.getByText('Live', { exact: true }).waitFor()
  await eventually(() => heard.count() > 2 * busyJobs, 20_000, 'runs of the jobs')
  await sleep(options.fillMs)

  const first = { events: heard.count(), atMs: performance.now() }
  const samples = tabs.map((): PageMemory[] => [])
  const everyMs = Math.max(1_000, options.measureMs / 60)
  while (performance.now() - first.atMs < options.measureMs) {
    for (const [index, tab] of tabs.entries()) samples[index]?.push(await tab.memory())
    await sleep(everyMs)
  }
  const events = heard.count() - first.events
  const seconds = (performance.now() - first.atMs) / 1_000
  return tabs.map((_, index) => growthOf(options.paths[index] ?? '', samples[index] ?? [], events, seconds))
}

/**
 * Compares the least that was held in each half of the time: what is on its way when it is measured comes and goes, what
 * is kept stays.
 */
function growthOf(path: string, samples: readonly PageMemory[], events: number, seconds: number): Growth {
  const middle = Math.floor(samples.length / 2)
  const least = (key: keyof PageMemory, of: readonly PageMemory[]) => Math.min(...of.map((one) => one[key]))
  const growthIn = (key: keyof PageMemory) => least(key, samples.slice(middle)) - least(key, samples.slice(0, middle))
  const heapGrowthBytes = growthIn('heapBytes')
  return {
    path,
    events,
    eventsPerSecond: events / seconds,
    // Half of the time lies between the middles of the halves.
    bytesPerEvent: heapGrowthBytes / (events / 2),
    heapGrowthBytes,
    nodeGrowth: growthIn('domNodes'),
    listenerGrowth: growthIn('listeners'),
    samples,
  }
}

/** One line for people. */
export function growthText(growth: Growth): string {
  const heaps = growth.samples.map((one) => (one.heapBytes / 1e6).toFixed(2))
  const shown = heaps.filter((_, index) => index % Math.ceil(heaps.length / 30) === 0).join(' ')
  return (
    `${growth.path}: ${growth.events} events (${growth.eventsPerSecond.toFixed(0)}/s), ` +
    `${growth.bytesPerEvent.toFixed(1)} bytes each, ${growth.nodeGrowth} nodes, ` +
    `${growth.listenerGrowth} listeners; heap in MB: ${shown}`
  )
}

interface Hearing extends Disposable {
  /** Begins and ends of runs since the start. */
  count(): number
}

/** Counts what the agent tells of runs, by a stream of its own. */
async function hearEvents(agent: TestAgent): Promise<Hearing> {
  const ending = new AbortController()
  const answer = await fetch(`${agent.dkronUrl}/ops/events`, { signal: ending.signal })
  expect(answer.status).toBe(200)
  let count = 0
  const read = async () => {
    let rest = ''
    for await (const chunk of (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.startsWith('data: {"items"')) count += itemsIn(line)
    }
  }
  read().catch(() => {})
  return { count: () => count, [Symbol.dispose]: () => ending.abort() }
}

function itemsIn(line: string): number {
  return (JSON.parse(line.slice('data: '.length)) as { items: unknown[] }).items.length
}
