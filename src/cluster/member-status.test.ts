import { expect, test } from 'vitest'
import { memberStatus } from './member-status.ts'

const facts = {
  said: 'alive',
  seenAtMs: 100_000,
  storeHeardSinceMs: 50_000,
  nowMs: 101_000,
  failAfterMs: 4_000,
} as const

test.each([
  ['a recent heartbeat', {}, 'alive'],
  ['a heartbeat as old as allowed', { nowMs: 104_000 }, 'alive'],
  ['an older heartbeat', { nowMs: 104_001 }, 'failed'],
  ['a node that is leaving', { said: 'leaving' }, 'leaving'],
  ['a node that went silent while it was leaving', { said: 'leaving', nowMs: 110_000 }, 'failed'],
  ['a node that left, long ago', { said: 'left', nowMs: 900_000 }, 'left'],
  ['silence while the store cannot be heard', { storeHeardSinceMs: null, nowMs: 900_000 }, 'alive'],
  ['silence from before the store came back', { storeHeardSinceMs: 108_000, nowMs: 110_000 }, 'alive'],
  ['silence since the store came back', { storeHeardSinceMs: 108_000, nowMs: 112_001 }, 'failed'],
] as const)('%s', (_name, change, status) => {
  expect(memberStatus({ ...facts, ...change })).toBe(status)
})
