/**
 * What the runner and its spawner say to each other, as JSON over Node's channel between parent and child.
 *
 * Easy to get wrong: the spawner begins a launch only once its answer to the launch before is in the channel. So when it
 * dies, of the launches that it did not answer only the first can have been started.
 */
import type { Identity } from './launch-plan.ts'

export interface Launch {
  /** The runner's own number for it; answers repeat it. */
  readonly id: number
  readonly file: string
  readonly args: readonly string[]
  /** Beside the settings' environment. */
  readonly env: Readonly<Record<string, string>>
  readonly identity: Identity | null
  /** The named pipe for both streams of its output, and who is to own that; null: we ourselves. */
  readonly pipePath: string
  readonly outputOwner: Identity | null
}

export type ToSpawner =
  /** For launches that come after it. */
  | { readonly kind: 'settings'; readonly env: Readonly<Record<string, string>>; readonly workingDir: string }
  | { readonly kind: 'launch'; readonly launches: readonly Launch[] }

export type FromSpawner =
  /** It takes launches. */
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'spawned'
      readonly id: number
      readonly pid: number
      /** With the pid, the name of the process (proc_pid_stat(5), field 22). */
      readonly startTicks: string
      readonly atMs: number
    }
  /** `code` is the system's, such as ENOENT, or empty. */
  | { readonly kind: 'failed'; readonly id: number; readonly code: string; readonly message: string }
  | {
      readonly kind: 'exited'
      readonly id: number
      readonly code: number | null
      readonly signal: string | null
      readonly atMs: number
    }

/** Milliseconds by the machine's monotonic clock (CLOCK_MONOTONIC): the same in all processes. */
export function machineMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000 + nanoseconds / 1_000_000
}
