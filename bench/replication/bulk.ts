/**
 * How fast large transactions are drained: rows inserted, then all updated, then all deleted, each as a backlog of its own
 * that every follower catches up with before the next one is made.
 *
 *     node bench/replication/bulk.ts [--kind mysql-9.7|mysql-5.6|mariadb-10.11] [--rows 1000000] [--transaction 100000]
 *         [--only native-1|native-4|millrace|millrace-sql]... [--workers N] [--profile FOLDER]
 *
 * The clock runs as in drain.ts.
 */
import { parseArgs } from 'node:util'
import { tellFigures } from '../figures.ts'
import { type BulkWork, bulkSchema, bulkWorks, changeInBulk, createBulkTable } from './bulk-changes.ts'
import { drainFigures } from './drain-figures.ts'
import { type Drained, drainAll } from './drained.ts'
import { nameProfiles } from './profiles.ts'
import { World } from './world.ts'
import { worldChoice, worldOptions } from './world-choice.ts'

const { values } = parseArgs({
  options: {
    ...worldOptions,
    rows: { type: 'string', default: '1000000' },
    transaction: { type: 'string', default: '100000' },
  },
})
const choice = worldChoice(values)
const size = { rows: Number(values.rows), rowsPerTransaction: Number(values.transaction) }

const drained = await measure()
if (choice.profileDir !== undefined) nameProfiles(choice.profileDir)
tellFigures(
  bulkWorks.flatMap((work) =>
    drainFigures(drained.get(work) ?? [], {
      what: `${choice.kind}: bulk ${work}`,
      asked: { millrace: 1, 'millrace-sql': 1 },
    }),
  ),
)

async function measure(): Promise<ReadonlyMap<BulkWork, readonly Drained[]>> {
  await using world = await World.start({
    ...choice,
    schema: bulkSchema,
    prepare: (source) => createBulkTable(source, size),
  })
  const all = new Map<BulkWork, readonly Drained[]>()
  for (const [round, work] of bulkWorks.entries()) {
    const first = await world.marks.set()
    const startedAt = performance.now()
    await changeInBulk(world.source, work, size)
    const perSecond = (size.rows / (performance.now() - startedAt)) * 1_000
    console.log(`${work}: the source made ${perSecond.toFixed(0)} rows/s`)
    const last = await world.marks.set()
    const backlog = { first, last, count: size.rows, unit: 'rows', rowChanges: size.rows } as const
    all.set(work, await drainAll(world, backlog, round))
  }
  return all
}
