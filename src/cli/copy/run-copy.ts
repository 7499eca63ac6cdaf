/**
 * `millrace copy` from the first look to the last word.
 *
 * Easy to get wrong: whatever happens, the copy is told to stop, and the caller learns what there is now: whether the
 * target is complete, whether the copy can go on, and with which command.
 */
import { messageOf } from '../../core/errors.ts'
import { counted, durationText } from '../amounts.ts'
import type { Printed } from '../printed.ts'
import type { Screen } from '../screen.ts'
import { CopyRefusedError, CopyScopeError } from './errors.ts'
import { Interrupted, type Interrupts } from './interrupts.ts'
import { headLine, lookText, nothingChosen, obstacles, warnings } from './look-text.ts'
import type { CopyComparison, CopyEngine, CopyPlan, CopyProgress, CopyRun } from './ports.ts'
import { type CopyShow, createShow, inSnakeCase } from './show-copy.ts'

export interface CopyWishes {
  readonly follows: boolean
  readonly compares: boolean
  readonly workDir: string | null
  readonly isJson: boolean
}

export interface CopyTools {
  readonly engine: CopyEngine
  readonly screen: Screen
  readonly interrupts: Interrupts
}

/** Exit status of a copy that is made, but the comparison or the dry run found something. */
const attention = 3

/** For --dry-run: changes nothing. */
export async function lookOnly(plan: CopyPlan, isJson: boolean, { engine, screen }: CopyTools): Promise<Printed> {
  const look = await engine.look(plan)
  const problems = obstacles(look, { dropsTables: plan.dropsTables, isResumed: false })
  const isUnreachable = look.from.failure !== null || look.to.failure !== null
  const exitStatus = isUnreachable ? 1 : problems.length > 0 ? attention : 0
  if (isJson) return { text: JSON.stringify(inSnakeCase({ ...look, missing: problems })), exitStatus }
  return { text: lookText(look, problems, warnings(look, plan.dropsTables), screen), exitStatus }
}

/** @throws CopyRefusedError or CopyScopeError before anything was changed; what ended the copy */
export async function runCopy(plan: CopyPlan, wishes: CopyWishes, tools: CopyTools): Promise<Printed> {
  const run = await tools.engine.open(plan, wishes.workDir)
  const show = createShow(tools.screen, wishes.isJson)
  const copying = new Copying(run, show, wishes, tools)
  try {
    await copying.check(plan)
    return await copying.make()
  } catch (error) {
    return await copying.giveUp(error)
  }
}

class Copying {
  readonly #run: CopyRun
  readonly #show: CopyShow
  readonly #wishes: CopyWishes
  readonly #tools: CopyTools
  readonly #startedMs = performance.now()
  #last: CopyProgress | null = null
  #isStarted = false
  #isOver = false

  constructor(run: CopyRun, show: CopyShow, wishes: CopyWishes, tools: CopyTools) {
    this.#run = run
    this.#show = show
    this.#wishes = wishes
    this.#tools = tools
  }

  async check(plan: CopyPlan): Promise<void> {
    const { engine, screen, interrupts } = this.#tools
    const look = await orAborted(engine.look(plan), interrupts.first)
    const found = obstacles(look, { dropsTables: plan.dropsTables, isResumed: this.#run.isResumed })
    const nothing = plan.include.length + plan.exclude.length > 0 ? nothingChosen(look, found) : null
    if (nothing !== null) throw new CopyScopeError(nothing)
    if (found.length > 0) throw new CopyRefusedError(found)
    this.#show.say(headLine(look), { event: 'look', ...look })
    if (!this.#run.isResumed)
      for (const text of warnings(look, plan.dropsTables)) screen.printError(`millrace: ${text}`)
    if (this.#run.isResumed) this.#show.say(`goes on with the copy of ${this.#wishes.workDir}`, { event: 'resumed' })
  }

  async make(): Promise<Printed> {
    const { interrupts } = this.#tools
    this.#isStarted = true
    await this.#run.start((progress) => {
      if (this.#isOver) return
      this.#last = progress
      this.#show.progress(progress)
    })
    await this.#unlessFailed(this.#run.caughtUp(interrupts.first), interrupts.first)
    const rows = this.#last?.copied.rowsDone ?? 0
    const tookMs = performance.now() - this.#startedMs
    const text = `copied ${counted(rows, 'row')} in ${durationText(tookMs)}; the target is up to date`
    this.#show.say(text, { event: 'copied', rows, durationMs: Math.round(tookMs) })
    return this.#wishes.follows ? this.#follow() : this.#finish()
  }

  async #finish(): Promise<Printed> {
    const { first } = this.#tools.interrupts
    const found = this.#wishes.compares ? await this.#compare(first) : null
    const { leftovers } = await this.#stop(true)
    this.#tell('done', { isComplete: true, isEqual: found?.isEqual ?? null }, doneText(found), leftovers)
    return { text: '', exitStatus: statusOf(found) }
  }

  async #follow(): Promise<Printed> {
    const { first, second } = this.#tools.interrupts
    let found: CopyComparison | null = null
    if (this.#wishes.compares) found = await this.#compare(first).catch(ignoreInterrupt)
    if (!first.aborted)
      this.#show.say('follows the changes; Ctrl-C stops at the end of a transaction', { event: 'following' })
    await this.#unlessFailed(aborted(first), second)
    if (this.#wishes.compares && !second.aborted) {
      const again = 'compares once more before it stops; Ctrl-C again leaves that out'
      this.#show.say(again, { event: 'comparing' })
      found = (await this.#compare(second).catch(ignoreInterrupt)) ?? found
    }
    await this.#tellStopped('stopped', { isComplete: true, isEqual: found?.isEqual ?? null })
    return { text: '', exitStatus: statusOf(found) }
  }

  async #compare(signal: AbortSignal): Promise<CopyComparison> {
    const comparing = this.#run.compare((progress) => this.#isOver || this.#show.comparing(progress), signal)
    const found = await this.#unlessFailed(comparing, signal)
    this.#show.comparison(found)
    return found
  }

  /** Tells what there is now, and throws what ended the copy; an interruption is an answer. */
  async giveUp(error: unknown): Promise<Printed> {
    if (!this.#isStarted) {
      await this.#stop(false)
      if (error instanceof Interrupted) return { text: '', exitStatus: error.exitStatus }
      throw error
    }
    if (!(error instanceof Interrupted))
      this.#show.say(messageOf(error), { event: 'failed', message: messageOf(error) })
    await this.#tellStopped('interrupted', { isComplete: false })
    if (error instanceof Interrupted) return { text: '', exitStatus: error.exitStatus }
    throw error
  }

  async #tellStopped(event: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
    const { workDir, follows } = this.#wishes
    const { position: told, leftovers } = await this.#stop(false)
    // A process that was killed tells nothing any more.
    const position = told || (this.#last?.position ?? '')
    const where = position === '' ? this.#whereWithoutPosition() : `with everything up to ${position} of the source`
    const lag = this.#last?.lagMs ?? null
    const behind = facts.isComplete === true && lag !== null ? `, ${durationText(lag)} behind it` : ''
    const next =
      workDir !== null
        ? `; repeat the command with --work-dir ${workDir} to go on from there`
        : facts.isComplete === true
          ? '; give --work-dir to be able to go on later'
          : `; the rows copied so far stay at the target: begin anew with --drop-if-exists${follows ? '' : ', and with --work-dir to be able to go on'}`
    this.#tell(event, { ...facts, position, workDir }, `stopped ${where}${behind}${next}`, leftovers)
  }

  #whereWithoutPosition(): string {
    const rows = this.#last?.copied.rowsDone ?? 0
    return rows === 0 ? 'before anything was copied' : `after ${counted(rows, 'row')}`
  }

  #tell(event: string, facts: Readonly<Record<string, unknown>>, text: string, leftovers: string): void {
    this.#show.say(text, { event, ...facts })
    if (leftovers !== '') this.#tools.screen.printError(`millrace: ${leftovers}`)
  }

  #stop(isOver: boolean) {
    this.#isOver = true
    return this.#run.stop(isOver)
  }

  #unlessFailed<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
    return orAborted(Promise.race([work, this.#run.failed]), signal)
  }
}

function doneText(found: CopyComparison | null): string {
  if (found === null) return 'done; nothing was compared'
  return found.isEqual ? 'done' : 'done, but source and target are not equal; see above'
}

function statusOf(found: CopyComparison | null): number {
  return found === null || found.isEqual ? 0 : attention
}

function ignoreInterrupt(error: unknown): null {
  if (error instanceof Interrupted) return null
  throw error
}

/** The answer, or the signal's reason when that comes first. */
function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  work.catch(() => {})
  return Promise.race([work, aborted(signal).then(() => Promise.reject(signal.reason))])
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
