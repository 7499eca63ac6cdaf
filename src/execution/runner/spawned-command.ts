/**
 * A command as a child of this process, in a session and process group of its own.
 *
 * Easy to get wrong: an execution ends when its main process does. Processes it left in the background stay alone,
 * as cron leaves them, except after a stop or the time limit: those end the whole group.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, closeSync } from 'node:fs'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import { CommandOutput } from './command-output.ts'
import type { LaunchPlan } from './launch-plan.ts'
import { type CommandEnd, type LiveCommand, timeLimitReason } from './live-command.ts'
import type { PipePool } from './pipe-pool.ts'
import { endGroup } from './process-group.ts'

/** How long output may still come after the command has ended: something else may hold its pipe. */
const drainMs = 1_000
/** The machine is out of something for the moment; a later try may succeed. */
const shortages = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])

export interface SpawnOptions {
  readonly plan: Extract<LaunchPlan, { kind: 'launch' }>
  readonly startedAt: number
  readonly timeLimitMs: number | null
  readonly workingDir: string
  readonly outputLimitBytes: number
  readonly stopGraceMs: number
  readonly pipes: PipePool
  readonly scratch: Uint8Array
  readonly clock: Clock
}

export type SpawnAnswer =
  | { readonly kind: 'spawned'; readonly command: LiveCommand }
  | { readonly kind: 'failed'; readonly reason: string; readonly isShortage: boolean }

/** Spawns the command into a pipe that was reserved. Returns when the program runs or could not be run. */
export async function spawnCommand(options: SpawnOptions): Promise<SpawnAnswer> {
  const { pipes, plan } = options
  const pipeName = pipes.take()
  let reading: number | null = null
  try {
    reading = pipes.openForReading(pipeName)
    const child = spawnInto(pipeName, options)
    if (child.pid === undefined) throw await new Promise((resolve) => child.once('error', resolve))
    const output = new CommandOutput(reading, options.outputLimitBytes, options.scratch)
    return { kind: 'spawned', command: new SpawnedCommand(child, child.pid, pipeName, output, options) }
  } catch (error) {
    if (reading !== null) closeSync(reading)
    pipes.release(pipeName)
    const code = (error as NodeJS.ErrnoException).code ?? ''
    return {
      kind: 'failed',
      reason: spawnFailure(error, code, plan.file, options.workingDir),
      isShortage: shortages.has(code),
    }
  }
}

function spawnInto(pipeName: string, { pipes, plan, workingDir }: SpawnOptions): ChildProcess {
  const writing = pipes.openForCommand(pipeName)
  try {
    if (plan.outputOwner !== null) chownSync(pipes.pathOf(pipeName), plan.outputOwner.uid, plan.outputOwner.gid)
    return spawn(plan.file, [...plan.args], {
      detached: true,
      stdio: ['ignore', writing, writing],
      env: plan.env,
      cwd: workingDir,
      ...plan.identity,
    })
  } finally {
    closeSync(writing)
  }
}

function spawnFailure(error: unknown, code: string, file: string, workingDir: string): string {
  const causes: Readonly<Record<string, string>> = {
    ENOENT: `there is no program '${file}' (or no folder '${workingDir}' to run it in)`,
    EACCES: `'${file}' may not be executed (or the folder '${workingDir}' not be entered)`,
    EPERM: `'${file}' may not be executed by this agent`,
    E2BIG: 'the command and the environment are longer than the system allows',
    EAGAIN: 'the machine has too many processes',
    EMFILE: 'the runner has too many files open',
    ENFILE: 'the machine has too many files open',
    ENOMEM: 'the machine has no memory left',
  }
  return `could not be started: ${causes[code] ?? messageOf(error)}`
}

class SpawnedCommand implements LiveCommand {
  readonly pid: number
  readonly startedAt: number
  readonly pipeName: string
  readonly output: CommandOutput
  readonly ended: Promise<CommandEnd>
  readonly #options: SpawnOptions
  readonly #exited = new AbortController()
  #stopReason: string | null = null
  #ending: Promise<void> | null = null

  constructor(child: ChildProcess, pid: number, pipeName: string, output: CommandOutput, options: SpawnOptions) {
    this.pid = pid
    this.startedAt = options.startedAt
    this.pipeName = pipeName
    this.output = output
    this.#options = options
    this.ended = this.#end(child, options.clock.monotonicMs())
    if (options.timeLimitMs !== null) this.#limitTime(options.timeLimitMs)
  }

  stop(reason: string): void {
    if (this.#exited.signal.aborted) return
    this.#stopReason ??= reason
    this.#ending ??= endGroup(this.pid, this.#options.stopGraceMs, this.#options.clock)
  }

  async #end(child: ChildProcess, startedAtMs: number): Promise<CommandEnd> {
    const { clock } = this.#options
    const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      child.once('exit', (code, name) => resolve([code, name])),
    )
    // By the monotonic clock, so that a clock that was set meanwhile does not make it end before it started.
    const finishedAt = this.startedAt + Math.round(clock.monotonicMs() - startedAtMs)
    this.#exited.abort('ended')
    await this.#ending
    await settledWithin(this.output.ended, drainMs, clock)
    const isSuccess = this.#stopReason === null && exitCode === 0
    const reason = this.#stopReason ?? (signal === null ? '' : `ended by signal ${signal}`)
    return { outcome: isSuccess ? 'succeeded' : 'failed', reason, exitCode, signal, finishedAt }
  }

  #limitTime(timeLimitMs: number): void {
    this.#options.clock.sleep(timeLimitMs, this.#exited.signal).then(
      () => this.stop(timeLimitReason(timeLimitMs)),
      () => {},
    )
  }
}

/** Waits for `promise`, at most `limitMs`, leaving no timer behind. */
export async function settledWithin(promise: Promise<void>, limitMs: number, clock: Clock): Promise<void> {
  const done = new AbortController()
  const limit = clock.sleep(limitMs, done.signal).catch(() => {})
  await Promise.race([promise, limit])
  done.abort('settled')
}
