/** Forming, leaving, moving and coming back under kills, again and again: FAULT_SEEDS runs, by default 8. */
import { describe, test } from 'vitest'
import { surviveForming, surviveLeaving, surviveMoving } from '../e2e/cluster/survive-forming.ts'

const firstSeed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9))
const seeds = Array.from({ length: Number(process.env.FAULT_SEEDS ?? 8) }, (_, run) => firstSeed + run)

describe('three agents that form a cluster while agents and NATS servers are killed', () => {
  test.each(seeds)('end as one cluster that has everything, with seed %i', async (seed) => {
    await surviveForming(seed)
  })
})

describe('three agents of which one leaves for good while another is killed', () => {
  test.each(seeds)('end as one cluster that has everything, with seed %i', async (seed) => {
    await surviveLeaving(seed)
  })
})

describe('two agents of which the one with the only server leaves for good while either is killed', () => {
  test.each(seeds)('end as one cluster that has everything, with seed %i', async (seed) => {
    await surviveMoving(seed)
  })
})
