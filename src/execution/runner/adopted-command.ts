/**
 * A command that an earlier runner started and that outlived it. It is not our child, so nobody will ever see its
 * exit status; but it is watched, can be stopped, and its time limit holds.
 */
import type { Clock } from '../../core/clock.ts'
import type { CommandOutput } from './command-output.ts'
import type { SpawnFacts } from './key-state.ts'
import { type CommandEnd, type LiveCommand, timeLimitReason, unseenEndReason } from './live-command.ts'
import { endGroup } from './process-group.ts'
import { isAlive } from './process-table.ts'
import { settledWithin } from './settled-within.ts'

const pollMs = 250
const drainMs = 1_000

export interface AdoptOptions {
  readonly spawn: SpawnFacts
  readonly output: CommandOutput
  readonly timeLimitMs: number | null
  readonly stopGraceMs: number
  readonly clock: Clock
}

export class AdoptedCommand implements LiveCommand {
  readonly pid: number
  readonly startTicks: string
  readonly startedAt: number
  readonly pipeName: string
  readonly output: CommandOutput
  readonly ended: Promise<CommandEnd>
  readonly #options: AdoptOptions
  #hasEnded = false
  #stopReason: string | null = null
  #ending: Promise<void> | null = null

  constructor(options: AdoptOptions) {
    this.#options = options
    this.pid = options.spawn.pid
    this.startTicks = options.spawn.startTicks
    this.startedAt = options.spawn.startedAt
    this.pipeName = options.spawn.pipeName
    this.output = options.output
    this.output.note('[the output before this was lost: the runner was killed while the command ran]\n')
    this.ended = this.#watch()
  }

  stop(reason: string): void {
    if (this.#hasEnded || !isAlive(this.pid, this.#options.spawn.startTicks)) return
    this.#stopReason ??= reason
    this.#ending ??= endGroup(this.pid, this.#options.stopGraceMs, this.#options.clock)
  }

  async #watch(): Promise<CommandEnd> {
    const { clock, spawn, timeLimitMs } = this.#options
    while (isAlive(spawn.pid, spawn.startTicks)) {
      if (timeLimitMs !== null && clock.now() >= spawn.startedAt + timeLimitMs) this.stop(timeLimitReason(timeLimitMs))
      await clock.sleep(pollMs)
    }
    this.#hasEnded = true
    const finishedAt = Math.max(clock.now(), spawn.startedAt)
    await this.#ending
    await settledWithin(this.output.ended, drainMs, clock)
    const base = { exitCode: null, signal: null, finishedAt }
    // Stopped by us, it did not succeed: that much is known without its exit status.
    if (this.#stopReason !== null) return { ...base, outcome: 'failed', reason: this.#stopReason }
    return { ...base, outcome: 'unknown', reason: unseenEndReason('runner', finishedAt) }
  }
}
