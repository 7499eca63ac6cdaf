/**
 * Clusters of three and five under load and faults again and again: FAULT_SEEDS runs (by default 20), longer ones than in
 * the cluster suite. CLUSTER_SEED names the first seed.
 */
import { describe, test } from 'vitest'
import { surviveFaults } from '../cluster/survive-faults.ts'

const firstSeed = Number(process.env.CLUSTER_SEED ?? Math.floor(Math.random() * 1e9))
const long = { faultsMs: 100_000, shortestFaultMs: 3_000, longestFaultMs: 15_000 }
const runs = Array.from({ length: Number(process.env.FAULT_SEEDS ?? 20) }, (_none, run) => ({
  nodes: run % 2 === 0 ? 3 : 5,
  seed: firstSeed + run,
  hasProxies: run % 4 > 1,
}))

describe('under faults a cluster loses nothing, starts nothing twice and accounts for every due second:', () => {
  test.each(runs)('$nodes agents with seed $seed', async ({ nodes, seed, hasProxies }) => {
    await surviveFaults({ seed, nodes, hasProxies, first: [], ...long })
  })
})
