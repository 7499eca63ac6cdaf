/** Copies under fire: FAULT_SEEDS runs (by default 6) over kinds of servers and row images. */
import { describe, test } from 'vitest'
import type { Victim } from '../crash/kills.ts'
import { type Fire, surviveFire } from '../e2e/replication/copy-under-fire.ts'

const kinds: readonly Fire['kind'][] = ['mariadb-10.11', 'mysql-9.7', 'mysql-5.6']
const images: readonly Fire['image'][] = ['FULL', 'MINIMAL', 'NOBLOB']
const kills: readonly Victim[] = ['task', 'target', 'agent', 'source', 'task', 'nats', 'target', 'task']
const firstSeed = Number(process.env.FIRE_SEED ?? Math.floor(Math.random() * 1e9))
const runs = Array.from({ length: Number(process.env.FAULT_SEEDS ?? 6) }, (_, run) => ({
  kind: kinds[run % kinds.length] ?? 'mariadb-10.11',
  image: images[(run + Math.floor(run / kinds.length)) % images.length] ?? 'FULL',
  seed: firstSeed + run,
}))

describe('a copy while everything around it is killed', () => {
  test.each(runs)('on $kind with $image and seed $seed loses nothing and goes on by chunks', async (run) => {
    await surviveFire({ ...run, kills, rows: 160_000, sessions: 2 })
  })
})
