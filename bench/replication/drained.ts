/** One follower's catching up, measured. */
import { type MachineUse, MachineWatch } from '../machine-use.ts'
import type { Follower, FollowerName } from './follower.ts'
import { assertSameContent } from './same-content.ts'
import type { World } from './world.ts'

export interface Backlog {
  /** The mark before it and the one after it. */
  readonly first: number
  readonly last: number
  /** How many transactions, or rows, to be told as so many a second. */
  readonly count: number
  readonly unit: 'transactions' | 'rows'
  readonly rowChanges: number
}

export interface Drained {
  readonly follower: FollowerName
  /** By what means it applied the changes. */
  readonly how: string
  readonly backlog: Backlog
  /** From the order to go on to the last row. */
  readonly seconds: number
  /** From the order to the first row. */
  readonly startSeconds: number
  readonly ownCpuSeconds: number
  readonly targetCpuSeconds: number
  readonly peakTaskMiB: number
  /** The server is the target. */
  readonly machine: MachineUse
}

const withinMs = 900_000

/** Lets a follower catch up and rest again. @throws Error if source and target differ then */
export async function drain(world: World, follower: Follower, backlog: Backlog): Promise<Drained> {
  const { marks, source, schema } = world
  const before = follower.cost()
  const watch = new MachineWatch(follower.target.pid)
  const startedAt = performance.now()
  await follower.start()
  await marks.arrival(backlog.first, follower, withinMs)
  const startSeconds = (performance.now() - startedAt) / 1_000
  await marks.arrival(backlog.last, follower, withinMs)
  const seconds = (performance.now() - startedAt) / 1_000
  const machine = watch.end()
  const after = follower.cost()
  const how = await follower.how()
  await follower.stop()
  await assertSameContent(source, follower.target, schema)
  const drained = {
    follower: follower.name,
    how,
    backlog,
    seconds,
    startSeconds,
    ownCpuSeconds: after.ownCpuSeconds - before.ownCpuSeconds,
    targetCpuSeconds: after.targetCpuSeconds - before.targetCpuSeconds,
    peakTaskMiB: after.peakTaskMiB,
    machine,
  }
  console.log(describe(drained))
  return drained
}

/** All of the followers, one after another; every other round in the opposite order, for a machine changes its speed. */
export async function drainAll(world: World, backlog: Backlog, round: number): Promise<readonly Drained[]> {
  const drained: Drained[] = []
  for (const follower of round % 2 === 0 ? world.followers : world.followers.toReversed())
    drained.push(await drain(world, follower, backlog))
  return drained
}

function describe({ backlog, ...drained }: Drained): string {
  const { follower, how, seconds, startSeconds, ownCpuSeconds, targetCpuSeconds, peakTaskMiB } = drained
  return (
    `  ${follower.padEnd(12)} ${(backlog.count / seconds).toFixed(0).padStart(7)} ${backlog.unit}/s: ${seconds.toFixed(2)} s, ` +
    `first after ${startSeconds.toFixed(2)} s; CPU ${ownCpuSeconds.toFixed(1)} s own, ` +
    `${targetCpuSeconds.toFixed(1)} s target; task peak ${peakTaskMiB.toFixed(0)} MiB; equal (${how})`
  )
}
