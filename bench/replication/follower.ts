/**
 * What is compared: something that keeps a target equal to a source, can be stopped, and later has a backlog to drain.
 *
 * Easy to get wrong: what a follower costs is read from /proc before its processes end, so before `stop`.
 */
import type { TestServer } from '../../test/harness/mysql-servers.ts'

/** `millrace`: by the strategy that it chooses itself; `millrace-sql`: by SQL. */
export type FollowerName = 'native-1' | 'native-4' | 'millrace' | 'millrace-sql'

export const followerNames: readonly FollowerName[] = ['native-1', 'native-4', 'millrace', 'millrace-sql']

export interface FollowerCost {
  /** Of Millrace's own processes (agent, tasks, NATS server) since they began; none for a native replica. */
  readonly ownCpuSeconds: number
  /** Of the target server since it began. */
  readonly targetCpuSeconds: number
  /** The most that any one task process ever had resident; 0 for a native replica. */
  readonly peakTaskMiB: number
}

export interface Follower extends AsyncDisposable {
  readonly name: FollowerName
  readonly target: TestServer
  /** Gives the order to go on; does not wait for the first change. */
  start(): Promise<void>
  /** Waits until nothing is applied any more. */
  stop(): Promise<void>
  cost(): FollowerCost
  /** By what means it applies changes. */
  how(): Promise<string>
  /** Why it does not go on by itself, or null: it then must not be waited for. */
  failure(): Promise<string | null>
}
