/**
 * How fast a backlog is drained: transactions of sysbench's `oltp_write_only` are written to the source while every
 * follower rests; then one after another catches up, and must hold what the source holds.
 *
 *     node bench/replication/drain.ts [--kind mysql-9.7|mysql-5.6|mariadb-10.11] [--transactions 100000] [--rounds 1]
 *         [--only native-1|native-4|millrace|millrace-sql]... [--workers N] [--distribution uniform] [--profile FOLDER]
 *
 * The clock runs from the order to go on (START REPLICA; resume of the job, which starts its two processes) to the last
 * row. `--profile` leaves a CPU profile of every process of Millrace in the folder, those of the tasks named for them.
 */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { ServerKind } from '../../test/harness/mysql-servers.ts'
import { tellFigures } from '../figures.ts'
import { drainFigures } from './drain-figures.ts'
import { type Drained, drain } from './drained.ts'
import { type FollowerName, followerNames } from './follower.ts'
import { nameProfiles } from './profiles.ts'
import { prepareTables, runWrites, schema } from './sysbench.ts'
import { World } from './world.ts'

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'mysql-9.7' },
    transactions: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: [...followerNames] },
    tables: { type: 'string', default: '4' },
    rows: { type: 'string', default: '50000' },
    workers: { type: 'string' },
    distribution: { type: 'string' },
    profile: { type: 'string' },
  },
})
const transactions = Number(values.transactions)
const tables = { tables: Number(values.tables), rowsPerTable: Number(values.rows) }
const profileDir = values.profile === undefined ? undefined : resolve(values.profile)
if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true })

const drained: Drained[] = []
{
  await using world = await World.start({
    kind: values.kind as ServerKind,
    followers: values.only as FollowerName[],
    workers: values.workers === undefined ? undefined : Number(values.workers),
    profileDir,
    schema,
    prepare: (source) => prepareTables(source, tables),
  })
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const first = await world.marks.set()
    const load = { ...tables, threads: 8, transactions }
    const made = await runWrites(world.source, {
      ...load,
      ...(values.distribution === undefined ? {} : { distribution: values.distribution }),
    })
    const last = await world.marks.set()
    console.log(`round ${round + 1}: the source made ${made.toFixed(0)} transactions/s`)
    // Whoever is first may find the machine in another state than whoever is last.
    const order = round % 2 === 0 ? world.followers : world.followers.toReversed()
    for (const follower of order) drained.push(await drain(world, follower, { first, last, transactions }))
  }
}
if (profileDir !== undefined) nameProfiles(profileDir)
tellFigures(drainFigures(values.kind as ServerKind, drained))
