/**
 * Keeps executions of different fires of a job apart, when the job forbids that they overlap, on all nodes together.
 *
 * Easy to get wrong: records only say whom to ask. What runs is known from the nodes themselves, so that the ghost of a
 * crashed run blocks nothing; and decisions about one job go one after another, or two of them would both find it free.
 * What blocks nothing because its node cannot be asked may still be waiting there: its order is withdrawn before anything
 * starts in its place.
 */
import type { Clock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import { executionKey } from '../model/execution.ts'
import type { Member } from '../model/member.ts'
import type { OpenExecution, OpenExecutions } from './open-executions.ts'
import type { FireTurns, NodeStates } from './ports.ts'
import { groupTimeMs } from './start-order.ts'

export interface OverlapParts {
  /** Null while this node does not lead, or does not know yet. */
  readonly open: () => OpenExecutions | null
  /** @throws LeadershipLostError when another leader has begun, who decides now */
  readonly confirm: () => Promise<void>
  readonly members: () => readonly Member[]
  readonly nodes: NodeStates
  readonly turns: FireTurns
  readonly clock: Clock
}

const askWithinMs = 1_000
const readyWithinMs = 5_000
const readyPollMs = 20
/** A run-now has no latest start: after this it is not on its way any more. */
const longestWayMs = 60_000
/** Between the clocks of leader and node. */
const clockMarginMs = 1_000

export class OverlapGate {
  readonly #parts: OverlapParts
  readonly #turns = new Map<string, Promise<unknown>>()
  /** Of each job, the orders that were withdrawn when it was last decided about: that stays so. */
  readonly #withdrawn = new Map<string, ReadonlySet<string>>()

  constructor(parts: OverlapParts) {
    this.#parts = parts
  }

  /** True when nothing can be in the way of the job, as far as is known without asking. */
  isFree(jobName: string): boolean {
    const open = this.#parts.open()
    return open !== null && !open.hasJob(jobName) && !this.#turns.has(jobName)
  }

  /** Runs `act` after whatever else is being decided about the job. */
  inTurn<Result>(jobName: string, act: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(jobName) ?? Promise.resolve()
    const mine = before.then(act)
    this.occupy([jobName], mine)
    return mine
  }

  /** Decisions about these jobs wait until `work` has ended, in whatever way. */
  occupy(jobNames: readonly string[], work: Promise<unknown>): void {
    if (jobNames.length === 0) return
    const settled = work.then(
      () => {},
      () => {},
    )
    for (const jobName of jobNames) {
      this.#turns.set(jobName, settled)
      void settled.then(() => {
        if (this.#turns.get(jobName) === settled) this.#turns.delete(jobName)
      })
    }
  }

  /**
   * Asks the nodes that have open executions of other fires of the job, and withdraws those that cannot be asked for.
   *
   * @returns why it must not start now, or null
   * @throws UnavailableError while it is not known whom to ask, LeadershipLostError
   */
  async findObstacle(jobName: string, group: string): Promise<string | null> {
    const open = await this.#whenKnown(jobName)
    const others = open.ofJob(jobName).filter((one) => one.group !== group)
    const present = new Set(
      this.#parts
        .members()
        .flatMap(({ status, nodeName }) => (status === 'alive' || status === 'leaving' ? nodeName : [])),
    )
    const [asked, absent] = [true, false].map((is) => others.filter(({ nodeName }) => present.has(nodeName) === is))
    const byNode = Map.groupBy(asked ?? [], ({ nodeName }) => nodeName)
    const answers = await Promise.all([...byNode].map(([nodeName, ones]) => this.#askNode(nodeName, ones)))
    await this.#parts.confirm()
    const obstacle = answers.find((answer) => typeof answer === 'string')
    if (obstacle !== undefined) return obstacle
    const passed = [...(absent ?? []), ...answers.flatMap((answer) => (typeof answer === 'string' ? [] : answer))]
    if (await this.#withdraw(jobName, passed, group)) await this.#parts.confirm()
    return null
  }

  /** @returns true when that took a while */
  async #withdraw(jobName: string, passed: readonly OpenExecution[], group: string): Promise<boolean> {
    const known = this.#withdrawn.get(jobName)
    const ids = passed.map(({ id }) => id)
    const hasNew = ids.some((id) => known?.has(id) !== true)
    const successor = `the fire of ${new Date(groupTimeMs(group)).toISOString()}`
    if (hasNew) await this.#parts.turns.withdraw(jobName, ids, successor)
    if (ids.length > 0) this.#withdrawn.set(jobName, new Set(ids))
    else this.#withdrawn.delete(jobName)
    return hasNew
  }

  /** @returns what is in the way, or the orders that never came and are too late */
  async #askNode(nodeName: string, executions: readonly OpenExecution[]): Promise<string | OpenExecution[]> {
    const keys = executions.map(({ jobName, id }) => executionKey(jobName, id))
    const states = await this.#parts.nodes.statesOf(nodeName, keys, askWithinMs).catch(() => null)
    const passed: OpenExecution[] = []
    for (const [index, execution] of executions.entries()) {
      const { id } = execution
      if (states === null)
        return `not started: node "${nodeName}" does not answer whether the earlier execution ${id} still runs`
      const state = states[index] ?? 'unknown'
      if (state === 'active') return `not started: the earlier execution ${id} still runs on node "${nodeName}"`
      if (state === 'unknown' && this.#mayStillStart(execution))
        return `not started: the earlier execution ${id} is still on its way to node "${nodeName}"`
      if (state === 'unknown') passed.push(execution)
    }
    return passed
  }

  #mayStillStart({ startBeforeAt, orderedAt }: OpenExecution): boolean {
    return this.#parts.clock.now() <= (startBeforeAt ?? orderedAt + longestWayMs) + clockMarginMs
  }

  async #whenKnown(jobName: string): Promise<OpenExecutions> {
    const { clock } = this.#parts
    const deadlineMs = clock.monotonicMs() + readyWithinMs
    for (;;) {
      const open = this.#parts.open()
      if (open !== null) return open
      if (clock.monotonicMs() >= deadlineMs)
        throw new UnavailableError(`it is not known yet what runs of job "${jobName}"; try again in a moment`)
      await clock.sleep(readyPollMs)
    }
  }
}
