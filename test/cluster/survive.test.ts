/** Clusters under load and faults. CLUSTER_SEED repeats a run's choices. */
import { describe, test } from 'vitest'
import { faultKinds } from './faults/fault.ts'
import { surviveFaults } from './survive-faults.ts'

const firstSeed = Number(process.env.CLUSTER_SEED ?? Math.floor(Math.random() * 1e9))
const share = Math.ceil(faultKinds.length / 3)
/** Around what it takes the others to see that a node is gone. */
const short = { faultsMs: 30_000, shortestFaultMs: 2_000, longestFaultMs: 4_000 }
/** Every kind of fault comes in one of the three. */
const runs = [3, 3, 5].map((nodes, run) => ({
  nodes,
  seed: firstSeed + run,
  first: faultKinds.slice(run * share, (run + 1) * share),
}))

describe('under faults a cluster loses nothing, starts nothing twice and accounts for every due second:', () => {
  test.each(runs)('$nodes agents with seed $seed', async ({ nodes, seed, first }) => {
    const hasProxies = first.includes('slow NATS server')
    await surviveFaults({ seed, nodes, first, hasProxies, ...short })
  })
})
