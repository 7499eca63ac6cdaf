/** The crash scenario again and again: FAULT_SEEDS runs (by default 10) over all kinds of servers. */
import { describe, test } from 'vitest'
import { surviveKills } from '../crash/scenario.ts'
import type { ServerKind } from '../harness/mysql-servers.ts'

const kinds: readonly ServerKind[] = ['mariadb-10.11', 'mysql-9.7', 'mysql-5.6']
const firstSeed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9))
const runs = Array.from({ length: Number(process.env.FAULT_SEEDS ?? 10) }, (_, run) => ({
  kind: kinds[run % kinds.length] ?? 'mariadb-10.11',
  seed: firstSeed + run,
}))

describe('an agent, its parts and both servers under random kills', () => {
  test.each(runs)('on $kind with seed $seed lose nothing', async ({ kind, seed }) => {
    await surviveKills(kind, seed)
  })
})
