/** The scheduled jobs of a run: created, ended, and read back with everything their commands wrote. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../../scripts/demo/random.ts'
import { eventually } from '../../harness/eventually.ts'
import type { ExecutionAnswer, JobFacts, Line } from '../checker/facts.ts'
import type { Cluster } from '../cluster.ts'
import { inParallel } from './in-parallel.ts'
import { type JobPlan, jobPlans, type NotePaths } from './job-plans.ts'

type Begun = Pick<JobFacts, 'plan' | 'createAskedAt' | 'createdAt' | 'firstFireAt'>
type Ended = Begun & Pick<JobFacts, 'endAskedAt' | 'endedAt'>

const atOnce = 8
const saveWithinMs = 30_000
/** A fire runs within this of its second, the second itself included. */
const inTimeMs = 2_500
/**
 * An order that was sent into a connection nobody listened to any more comes again after 6 s, and nothing tells of it
 * before (engine/order-inbox.ts).
 */
const orderAgainMs = 8_000

export class ScheduledLoad {
  readonly #cluster: Cluster
  readonly #random: Random
  /** Where its commands write. */
  readonly paths: NotePaths
  #begun: readonly Begun[] = []

  constructor(cluster: Cluster, random: Random) {
    this.#cluster = cluster
    this.#random = random
    this.paths = { starts: join(cluster.folder, 'starts'), ends: join(cluster.folder, 'ends') }
  }

  /** Creates all jobs, each at some node. @throws Error when one is refused */
  async begin(plans: readonly JobPlan[] = jobPlans(this.paths)): Promise<void> {
    this.#begun = await inParallel(plans, atOnce, async (plan) => {
      const createAskedAt = Date.now()
      const next = await this.#save(plan.body)
      const firstFireAt = plan.due.kind === 'interval' && next !== null ? Date.parse(next) : null
      return { plan, createAskedAt, createdAt: Date.now(), firstFireAt }
    })
  }

  /**
   * Ends all jobs and reads what became of them, each from some node.
   *
   * @param settleWithinMs how long what runs may take to end, and what was lost to be found
   */
  async end(settleWithinMs: number): Promise<readonly JobFacts[]> {
    const ended = await inParallel(this.#begun, atOnce, async (job): Promise<Ended> => {
      const endAskedAt = Date.now()
      await this.#save({ name: job.plan.name, disabled: true })
      return { ...job, endAskedAt, endedAt: Date.now() }
    })
    return await this.#readAll(ended, settleWithinMs)
  }

  /**
   * Waits until jobs of every second run in time again: what was late has been made up, so a job that ends now ends
   * nothing that is still to come.
   */
  async whenCaughtUp(withinMs: number): Promise<void> {
    const isOfEverySecond = (name: string) => name.startsWith('second-')
    await eventually(
      async () => {
        const fires = this.lines().flatMap(({ jobName, fire }) => (isOfEverySecond(jobName) ? [Date.parse(fire)] : []))
        const behindMs = Date.now() - Math.max(...fires)
        if (behindMs > inTimeMs) throw new Error(`the newest fire is ${behindMs} ms old`)
        // Asked rarely: all lines are read each time.
        await sleep(500)
        return true
      },
      withinMs,
      'fires in time',
    )
  }

  /** All that the commands wrote. */
  lines(): readonly Line[] {
    const ends = new Map(read(this.paths.ends).map((fields) => [`${fields[0]} ${fields[2]}`, Number(fields[4])]))
    return read(this.paths.starts).map(([jobName = '', fire = '', executionId = '', nodeName = '', uptime = '']) => {
      const endUptime = ends.get(`${jobName} ${executionId}`) ?? null
      return { jobName, fire, executionId, nodeName, uptime: Number(uptime), endUptime }
    })
  }

  /** @returns the answer's `next` */
  async #save(body: object): Promise<string | null> {
    const endAt = performance.now() + saveWithinMs
    for (;;) {
      const node = this.#random.pick(this.#cluster.nodes)
      const answer = await node.api('dkron', 'POST', '/v1/jobs', body).catch((error: unknown) => String(error))
      if (typeof answer === 'object' && answer.status === 201) return (answer.json as { next: string | null }).next
      const told = typeof answer === 'string' ? answer : `${answer.status} ${answer.text}`
      if (performance.now() > endAt) throw new Error(`saving ${JSON.stringify(body)} at ${node.name}: ${told}`)
      await sleep(250)
    }
  }

  /** Reads again those jobs of which something still runs or waits. */
  async #readAll(jobs: readonly Ended[], settleWithinMs: number): Promise<readonly JobFacts[]> {
    await sleep(orderAgainMs)
    const done = new Map<string, JobFacts>()
    const endAt = performance.now() + settleWithinMs
    for (let left = jobs; left.length > 0; ) {
      const isLastLook = performance.now() > endAt
      const linesOf = Map.groupBy(this.lines(), ({ jobName }) => jobName)
      const facts = await inParallel(left, atOnce, async (job) => ({ ...job, executions: await this.#executions(job) }))
      for (const job of facts)
        if (isLastLook || isSettled(job, linesOf.get(job.plan.name) ?? [])) done.set(job.plan.name, job)
      left = left.filter(({ plan }) => !done.has(plan.name))
      if (left.length > 0) await sleep(500)
    }
    return jobs.map(({ plan }) => done.get(plan.name)).filter((job) => job !== undefined)
  }

  async #executions({ plan }: Begun): Promise<readonly ExecutionAnswer[]> {
    const node = this.#random.pick(this.#cluster.nodes)
    const answer = await node.api('dkron', 'GET', `/v1/executions/${plan.name}`, undefined, 20_000)
    if (answer.status !== 200)
      throw new Error(`executions of ${plan.name} at ${node.name}: ${answer.status} ${answer.text}`)
    return answer.json as readonly ExecutionAnswer[]
  }
}

/** Nothing runs any more, nothing is to be tried again, and what wrote a line has its record. */
function isSettled({ executions, plan }: JobFacts, lines: readonly Line[]): boolean {
  if (executions.some(({ finished_at }) => finished_at === null)) return false
  const known = new Set(executions.map(({ id }) => id))
  if (lines.some(({ executionId }) => !known.has(executionId))) return false
  const fires = Map.groupBy(executions, ({ id }) => id.split('-')[0])
  return [...fires.values()].every((some) => {
    const last = some.toSorted((a, b) => a.attempt - b.attempt).at(-1)
    return last === undefined || last.attempt >= plan.tries || !['failed', 'unknown', 'lost'].includes(last.outcome)
  })
}

function read(path: string): readonly (readonly string[])[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '))
}
