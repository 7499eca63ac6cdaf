/**
 * How fast a backlog is drained: transactions of sysbench's `oltp_write_only` are written to the source while every
 * follower rests; then one after another catches up, and must hold what the source holds.
 *
 *     node bench/replication/drain.ts [--kind mysql-9.7|mysql-5.6|mariadb-10.11] [--transactions 100000] [--rounds 1]
 *         [--only native-1|native-4|millrace|millrace-sql]... [--workers N] [--distribution uniform] [--profile FOLDER]
 *         [--tables 4] [--rows 50000]
 *
 * The clock runs from the order to go on (START REPLICA; resume of the job, which starts its two processes) to the last
 * row. `--profile` leaves a CPU profile of every process of Millrace in the folder, those of the tasks named for them.
 */
import { parseArgs } from 'node:util'
import type { ServerKind } from '../../test/harness/mysql-servers.ts'
import { tellFigures } from '../figures.ts'
import { drainFigures } from './drain-figures.ts'
import { type Drained, drainAll } from './drained.ts'
import { nameProfiles } from './profiles.ts'
import { changesPerTransaction, prepareTables, runWrites, schema } from './sysbench.ts'
import { World } from './world.ts'
import { worldChoice, worldOptions } from './world-choice.ts'

/** How many times as fast as native by the strategy that the job chooses itself, and by SQL. */
const asked: Readonly<Record<ServerKind, { readonly millrace: number; readonly 'millrace-sql'?: number }>> = {
  'mysql-9.7': { millrace: 2.5, 'millrace-sql': 1 },
  'mysql-5.6': { millrace: 1.5 },
  'mariadb-10.11': { millrace: 1.3, 'millrace-sql': 1 },
}

const { values } = parseArgs({
  options: {
    ...worldOptions,
    transactions: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '1' },
    tables: { type: 'string', default: '4' },
    rows: { type: 'string', default: '50000' },
    distribution: { type: 'string' },
  },
})
const choice = worldChoice(values)
const transactions = Number(values.transactions)
const tables = { tables: Number(values.tables), rowsPerTable: Number(values.rows) }
const distribution = values.distribution === undefined ? {} : { distribution: values.distribution }

const drained = await measure()
if (choice.profileDir !== undefined) nameProfiles(choice.profileDir)
const keys = values.distribution === undefined ? '' : `, ${values.distribution} keys`
tellFigures(drainFigures(drained, { what: `${choice.kind}: drain${keys}`, asked: asked[choice.kind] }))

async function measure(): Promise<readonly Drained[]> {
  await using world = await World.start({ ...choice, schema, prepare: (source) => prepareTables(source, tables) })
  const all: Drained[] = []
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const first = await world.marks.set()
    const made = await runWrites(world.source, { ...tables, ...distribution, threads: 8, transactions })
    const last = await world.marks.set()
    console.log(`round ${round + 1}: the source made ${made.toFixed(0)} transactions/s`)
    const rowChanges = transactions * changesPerTransaction
    all.push(...(await drainAll(world, { first, last, count: transactions, unit: 'transactions', rowChanges }, round)))
  }
  return all
}
