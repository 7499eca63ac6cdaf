/**
 * The lag under a steady load: sysbench's `oltp_write_only` at half of what the source can do by itself, and one follower
 * at a time beside it.
 *
 *     node bench/replication/steady.ts [--kind mysql-9.7|mysql-5.6|mariadb-10.11] [--seconds 20] [--limit-seconds 5]
 *         [--only native-1|native-4|millrace|millrace-sql]... [--workers N] [--profile FOLDER] [--tables 4] [--rows 50000]
 */
import { parseArgs } from 'node:util'
import { type Figure, type Target, tellFigures } from '../figures.ts'
import { MachineWatch } from '../machine-use.ts'
import type { Follower, FollowerName } from './follower.ts'
import { createProbes, probeLags } from './lag-probe.ts'
import { nameProfiles } from './profiles.ts'
import { assertSameContent } from './same-content.ts'
import { percentile } from './statistics.ts'
import { changesPerTransaction, prepareTables, runWrites, schema } from './sysbench.ts'
import { World } from './world.ts'
import { worldChoice, worldOptions } from './world-choice.ts'

interface Steady {
  readonly follower: FollowerName
  readonly perSecond: number
  readonly lagsMs: readonly number[]
  readonly ownCpuPerMillion: number
  readonly peakTaskMiB: number
  /** Of all cores, while the load ran: the share that was busy. */
  readonly busy: number
}

const withinMs = 600_000

const { values } = parseArgs({
  options: {
    ...worldOptions,
    seconds: { type: 'string', default: '20' },
    'limit-seconds': { type: 'string', default: '5' },
    tables: { type: 'string', default: '4' },
    rows: { type: 'string', default: '50000' },
  },
})
const choice = worldChoice(values)
const tables = { tables: Number(values.tables), rowsPerTable: Number(values.rows) }
const seconds = Number(values.seconds)

const measured = await measure()
if (choice.profileDir !== undefined) nameProfiles(choice.profileDir)
tellFigures(measured.flatMap((steady) => figuresOf(steady, fastestNative(measured))))

async function measure(): Promise<readonly Steady[]> {
  await using world = await World.start({
    ...choice,
    schema,
    async prepare(source) {
      await prepareTables(source, tables)
      await createProbes(source, schema)
    },
  })
  const limitSeconds = Number(values['limit-seconds'])
  const limit = await runWrites(world.source, { ...tables, threads: 8, transactions: 0, seconds: limitSeconds })
  console.log(`the source can do ${limit.toFixed(0)} transactions/s`)
  const all: Steady[] = []
  for (const follower of world.followers) all.push(await underLoad(world, follower, Math.ceil(limit / 2)))
  return all
}

/** What was written for the others before is drained first. */
async function underLoad(world: World, follower: Follower, perSecond: number): Promise<Steady> {
  const { source, marks } = world
  await follower.start()
  await marks.arrival(await marks.set(), follower, withinMs)
  const before = follower.cost()
  const ending = new AbortController()
  const probes = probeLags({ source, target: follower.target, schema }, ending.signal)
  const load = { ...tables, threads: 8, transactions: 0, seconds, perSecond }
  const watch = new MachineWatch(follower.target.pid)
  const reached = await runWrites(source, load).finally(() => ending.abort())
  const { busy } = watch.end()
  const lagsMs = await probes
  await marks.arrival(await marks.set(), follower, withinMs)
  const after = follower.cost()
  await follower.stop()
  await assertSameContent(source, follower.target, schema)
  const millions = (reached * seconds * changesPerTransaction) / 1_000_000
  const steady = {
    follower: follower.name,
    perSecond: reached,
    lagsMs,
    ownCpuPerMillion: (after.ownCpuSeconds - before.ownCpuSeconds) / millions,
    peakTaskMiB: after.peakTaskMiB,
    busy,
  }
  console.log(
    `  ${follower.name.padEnd(12)} ${reached.toFixed(0)} transactions/s: lag p50 ${percentile(lagsMs, 0.5).toFixed(1)} ms, ` +
      `p99 ${percentile(lagsMs, 0.99).toFixed(1)} ms of ${lagsMs.length} probes; equal`,
  )
  return steady
}

function fastestNative(all: readonly Steady[]): Steady | null {
  const natives = all.filter(({ follower }) => follower.startsWith('native'))
  return natives.toSorted((a, b) => percentile(a.lagsMs, 0.5) - percentile(b.lagsMs, 0.5))[0] ?? null
}

function figuresOf(steady: Steady, native: Steady | null): readonly Figure[] {
  const { follower, perSecond, lagsMs, ownCpuPerMillion, peakTaskMiB, busy } = steady
  const what = `${choice.kind}: steady load, ${follower}`
  const rate: Figure = { measure: `${what}: rate`, value: perSecond, unit: 'transactions/s' }
  const lag = (share: number, targets: readonly Target[]): Figure => {
    const figure = { measure: `${what}: lag p${share * 100}`, value: percentile(lagsMs, share), unit: 'ms' }
    if (follower.startsWith('native')) return figure
    if (native === null) return { ...figure, targets: targets.filter(({ of }) => of === 'value') }
    const ratio = percentile(native.lagsMs, share) / figure.value
    return { ...figure, comparedWith: native.follower, ratio, targets }
  }
  const p50 = lag(0.5, [
    { of: 'ratio', atLeast: 1 / 3 },
    { of: 'value', atMost: 10 },
  ])
  const p99 = lag(0.99, [{ of: 'value', atMost: 50 }])
  const cores: Figure = { measure: `${what}: cores busy`, value: busy * 100, unit: '%' }
  if (follower.startsWith('native')) return [rate, p50, p99, cores]
  return [
    rate,
    p50,
    p99,
    cores,
    { measure: `${what}: CPU of Millrace`, value: ownCpuPerMillion, unit: 's/million row changes' },
    { measure: `${what}: memory of a task`, value: peakTaskMiB, unit: 'MiB', targets: [{ of: 'value', atMost: 200 }] },
  ]
}
