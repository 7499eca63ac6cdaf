/**
 * Follows one fire of a job until all its executions have ended.
 *
 * Easy to get wrong: a short run may begin and end between two looks, and the nodes of one fire do not start at the same
 * moment. So what is followed is found by its id among the last fires, whether it still runs or not.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiClient } from './api-client.ts'
import { CallFailedError } from './errors.ts'
import { JobNews } from './job-news.ts'
import { type FireAnswer, hasOutput, outputPath, type RunAnswer, readFires, readOutput } from './logs-read.ts'
import type { LogWriter } from './logs-writer.ts'

export interface FollowParts {
  readonly client: ApiClient
  readonly name: string
  readonly writer: LogWriter
  /** This one, or null: what runs, else what runs next. */
  readonly execution: string | null
  /** Nothing runs: from now on the next run is not missed. */
  onWaiting(): void
}

const reconnectAfterMs = 500
const settleMs = 700
/** So often a broken connection is made anew before it is told. */
const mostBreaks = 10

/** @returns the executions as they ended @throws CallFailedError when the job is gone or the agent stays away */
export async function followFire(parts: FollowParts): Promise<readonly RunAnswer[]> {
  await using news = new JobNews(parts.client, parts.name)
  const first = await readFires(parts.client, parts.name)
  const running = runningFire(first, parts.execution)
  if (running === null) parts.onWaiting()
  const fire = running ?? (await nextFire(parts, idsOf(first), news))
  return await followAll(parts, await settled(parts, fire), news)
}

/** The newest fire of which something runs, or the one that has the execution asked for. */
function runningFire(fires: readonly FireAnswer[], execution: string | null): FireAnswer | null {
  const isWanted = (run: RunAnswer) => (execution === null ? run.outcome === 'running' : run.id === execution)
  return fires.find(({ executions }) => executions.some(isWanted)) ?? null
}

/** Waits for an execution that was not there before. */
async function nextFire(
  { client, name, execution }: FollowParts,
  known: ReadonlySet<string>,
  news: JobNews,
): Promise<FireAnswer> {
  for (;;) {
    await news.next()
    const fires = await readFires(client, name)
    const isNew = (run: RunAnswer) => (execution === null ? !known.has(run.id) : run.id === execution)
    // Of several new ones the first: the others come after it.
    const fire = fires.findLast(({ executions }) => executions.some(isNew))
    if (fire !== undefined) return fire
  }
}

/** Where there are several nodes the others of the fire are waited for, so that its first lines are marked too. */
async function settled({ client, name }: FollowParts, fire: FireAnswer): Promise<FireAnswer> {
  const members = (await client.call('GET', '/v1/members')) as readonly unknown[]
  if (members.length < 2) return fire
  await sleep(settleMs)
  const ids = idsOf([fire])
  return (await readFires(client, name)).find(({ executions }) => executions.some(({ id }) => ids.has(id))) ?? fire
}

async function followAll(parts: FollowParts, fire: FireAnswer, news: JobNews): Promise<readonly RunAnswer[]> {
  const { client, name, writer, execution } = parts
  const following = new Map<string, Promise<RunAnswer>>()
  const ended = new Map<string, RunAnswer>()
  const isMine = (run: RunAnswer) => execution === null || run.id === execution
  const ids = idsOf([fire])
  for (let current: FireAnswer | undefined = fire; ; ) {
    const runs: readonly RunAnswer[] = (current?.executions ?? []).filter(isMine)
    const found = runs.filter((run) => !following.has(run.id))
    writer.announce(runs.filter(hasOutput))
    for (const run of found) {
      const follow = followOne(parts, run)
      following.set(run.id, follow)
      follow.then((end) => ended.set(end.id, end)).catch(() => {})
    }
    if (found.length === 0 && ended.size === following.size) return [...ended.values()]
    await Promise.race([news.next(), Promise.all(following.values())])
    const fires: readonly FireAnswer[] = await readFires(client, name).catch(noneWhenGone)
    current = fires.find(({ executions }) => executions.some(({ id }) => ids.has(id))) ?? current
  }
}

/** What runs of a job that was deleted runs on, and is followed as long as it writes; there is nothing new. */
function noneWhenGone(error: unknown): readonly FireAnswer[] {
  if (error instanceof CallFailedError && error.status === 404) return []
  throw error
}

async function followOne(parts: FollowParts, run: RunAnswer): Promise<RunAnswer> {
  const { client, name, writer } = parts
  if (run.outcome !== 'running') {
    if (hasOutput(run)) writer.write(run, 0, await readOutput(client, name, run.id))
    writer.end(run)
    return run
  }
  const end = await liveOutput(parts, run)
  writer.end(end)
  return end
}

async function liveOutput({ client, name, writer }: FollowParts, run: RunAnswer): Promise<RunAnswer> {
  let shownTo = 0
  for (let breaks = 0; ; breaks += 1) {
    try {
      for await (const { event, data } of client.events(`${outputPath(name, run.id)}/live`)) {
        breaks = 0
        if (event === 'end') return endOf(run, data as LiveEnd)
        if (event !== 'output') continue
        const { offset, text } = data as { readonly offset: number; readonly text: string }
        const piece = newPart(text, offset, shownTo)
        writer.write(run, Math.max(offset, shownTo), piece)
        shownTo = Math.max(shownTo, offset + Buffer.byteLength(text))
      }
    } catch (error) {
      if (!(error instanceof CallFailedError) || error.status !== null || breaks >= mostBreaks) throw error
    }
    await sleep(reconnectAfterMs)
  }
}

interface LiveEnd {
  /** Null when it is not known how it ended. */
  readonly execution: RunAnswer | null
  readonly reason: string
}

function endOf(run: RunAnswer, { execution, reason }: LiveEnd): RunAnswer {
  return execution === null ? { ...run, outcome: 'unknown', reason } : { ...run, ...execution }
}

/** After a broken connection the agent tells from the beginning. @param shownTo bytes that were shown */
export function newPart(text: string, offset: number, shownTo: number): string {
  if (offset >= shownTo) return text
  return Buffer.from(text)
    .subarray(shownTo - offset)
    .toString('utf8')
}

function idsOf(fires: readonly FireAnswer[]): ReadonlySet<string> {
  return new Set(fires.flatMap(({ executions }) => executions.map(({ id }) => id)))
}
