/** A command that runs, whether this runner spawned it or took it over. */
import type { Outcome } from '../../model/execution.ts'
import type { CommandOutput } from './command-output.ts'

/** How it ended: what an execution record needs beyond the order. */
export interface CommandEnd {
  readonly outcome: Extract<Outcome, 'succeeded' | 'failed' | 'unknown'>
  readonly reason: string
  readonly exitCode: number | null
  readonly signal: string | null
  readonly finishedAt: number
}

export interface LiveCommand {
  readonly pid: number
  /** With the pid, the name of the process. */
  readonly startTicks: string
  readonly startedAt: number
  readonly pipeName: string
  readonly output: CommandOutput
  /** Never rejects. The output is complete then, as far as it will be waited for. */
  readonly ended: Promise<CommandEnd>
  /** Ends the whole process group; the first reason given stays. Does nothing once the command has ended. */
  stop(reason: string): void
}

export function timeLimitReason(timeLimitMs: number): string {
  return `ended after its time limit of ${timeLimitMs / 1_000} s`
}

/** @param killed who would have seen its exit status @param endedAt milliseconds since the epoch */
export function unseenEndReason(killed: 'runner' | 'spawner', endedAt: number): string {
  const at = new Date(endedAt).toISOString()
  return `outcome unknown: the ${killed} was killed while the command ran; the command ended at about ${at}`
}
