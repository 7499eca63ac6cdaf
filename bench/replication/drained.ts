/** One follower's catching up, measured. */
import type { Follower } from './follower.ts'
import { assertSameContent } from './same-content.ts'
import { schema } from './sysbench.ts'
import type { World } from './world.ts'

export interface Backlog {
  /** The mark before it and the one after it. */
  readonly first: number
  readonly last: number
  readonly transactions: number
}

export interface Drained {
  readonly follower: Follower['name']
  /** By what means it applied the changes. */
  readonly how: string
  readonly transactions: number
  /** From the order to go on to the last row. */
  readonly seconds: number
  /** From the order to the first row. */
  readonly startSeconds: number
  readonly ownCpuSeconds: number
  readonly targetCpuSeconds: number
  readonly peakTaskMiB: number
}

const withinMs = 600_000

/** Lets a follower catch up and rest again. @throws Error if source and target differ then */
export async function drain(
  { marks, source }: World,
  follower: Follower,
  { first, last, transactions }: Backlog,
): Promise<Drained> {
  const before = follower.cost()
  const startedAt = performance.now()
  await follower.start()
  await marks.arrival(first, follower, withinMs)
  const startSeconds = (performance.now() - startedAt) / 1_000
  await marks.arrival(last, follower, withinMs)
  const seconds = (performance.now() - startedAt) / 1_000
  const after = follower.cost()
  const how = await follower.how()
  await follower.stop()
  await assertSameContent(source, follower.target, schema)
  const drained = {
    follower: follower.name,
    how,
    transactions,
    seconds,
    startSeconds,
    ownCpuSeconds: after.ownCpuSeconds - before.ownCpuSeconds,
    targetCpuSeconds: after.targetCpuSeconds - before.targetCpuSeconds,
    peakTaskMiB: after.peakTaskMiB,
  }
  console.log(describe(drained))
  return drained
}

function describe(drained: Drained): string {
  const { follower, how, transactions, seconds, startSeconds, ownCpuSeconds, targetCpuSeconds, peakTaskMiB } = drained
  return (
    `  ${follower.padEnd(14)} ${(transactions / seconds).toFixed(0).padStart(6)} transactions/s: ${seconds.toFixed(2)} s, ` +
    `first row after ${startSeconds.toFixed(2)} s, CPU ${ownCpuSeconds.toFixed(1)} s own and ` +
    `${targetCpuSeconds.toFixed(1)} s target, task peak ${peakTaskMiB.toFixed(0)} MiB, equal (${how})`
  )
}
