/**
 * A command that this runner has had started, in a session and process group of its own.
 *
 * Easy to get wrong: an execution ends when its main process does. Processes it left in the background stay alone,
 * as cron leaves them, except after a stop or the time limit: those end the whole group. The process is the spawner's
 * child, so it may be collected, and its pid be somebody else's, before its end is heard of here.
 */
import type { Clock } from '../../core/clock.ts'
import type { CommandOutput } from './command-output.ts'
import { type CommandEnd, type LiveCommand, timeLimitReason, unseenEndReason } from './live-command.ts'
import { endGroup } from './process-group.ts'
import { isAlive } from './process-table.ts'
import { settledWithin } from './settled-within.ts'
import type { SeenExit } from './spawner-process.ts'

/** How long output may still come after the command has ended: something else may hold its pipe. */
const drainMs = 1_000
const pollMs = 250

export interface SpawnedFacts {
  readonly pid: number
  readonly startTicks: string
  readonly startedAt: number
  /** The same instant by the machine's monotonic clock. */
  readonly startedAtMs: number
  readonly pipeName: string
  readonly output: CommandOutput
  /** Null when the spawner died before: its end is still seen, not its exit status. */
  readonly exited: Promise<SeenExit | null>
  readonly timeLimitMs: number | null
  readonly stopGraceMs: number
  readonly clock: Clock
}

export class SpawnedCommand implements LiveCommand {
  readonly pid: number
  readonly startTicks: string
  readonly startedAt: number
  readonly pipeName: string
  readonly output: CommandOutput
  readonly ended: Promise<CommandEnd>
  readonly #facts: SpawnedFacts
  readonly #exited = new AbortController()
  #stopReason: string | null = null
  #ending: Promise<void> | null = null

  constructor(facts: SpawnedFacts) {
    this.#facts = facts
    this.pid = facts.pid
    this.startTicks = facts.startTicks
    this.startedAt = facts.startedAt
    this.pipeName = facts.pipeName
    this.output = facts.output
    this.ended = this.#end()
    if (facts.timeLimitMs !== null) this.#limitTime(facts.timeLimitMs)
  }

  stop(reason: string): void {
    if (this.#exited.signal.aborted || !isAlive(this.pid, this.startTicks)) return
    this.#stopReason ??= reason
    this.#ending ??= endGroup(this.pid, this.#facts.stopGraceMs, this.#facts.clock)
  }

  async #end(): Promise<CommandEnd> {
    const { clock, exited, startedAtMs } = this.#facts
    const exit = await exited
    if (exit === null) await this.#untilGone()
    // By the monotonic clock, so that a clock that was set meanwhile does not make it end before it started.
    const finishedAt =
      exit === null ? Math.max(clock.now(), this.startedAt) : this.startedAt + Math.round(exit.atMs - startedAtMs)
    this.#exited.abort('ended')
    await this.#ending
    await settledWithin(this.output.ended, drainMs, clock)
    const seen = { exitCode: exit?.code ?? null, signal: exit?.signal ?? null, finishedAt }
    // Stopped by us, it did not succeed: that much is known without its exit status.
    if (this.#stopReason !== null) return { ...seen, outcome: 'failed', reason: this.#stopReason }
    if (exit === null) return { ...seen, outcome: 'unknown', reason: unseenEndReason('spawner', finishedAt) }
    const reason = exit.signal === null ? '' : `ended by signal ${exit.signal}`
    return { ...seen, outcome: exit.code === 0 ? 'succeeded' : 'failed', reason }
  }

  async #untilGone(): Promise<void> {
    while (isAlive(this.pid, this.startTicks)) await this.#facts.clock.sleep(pollMs)
  }

  #limitTime(timeLimitMs: number): void {
    this.#facts.clock.sleep(timeLimitMs, this.#exited.signal).then(
      () => this.stop(timeLimitReason(timeLimitMs)),
      () => {},
    )
  }
}
