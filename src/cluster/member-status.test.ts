import { expect, test } from 'vitest'
import { memberStatus } from './member-status.ts'

const facts = { said: 'alive', silentMs: 900, deafMs: 900, failAfterMs: 4_000 } as const

test.each([
  ['a recent heartbeat', {}, 'alive'],
  ['a heartbeat as old as allowed', { silentMs: 4_000 }, 'alive'],
  ['an older heartbeat', { silentMs: 4_001 }, 'failed'],
  ['a node that is leaving', { said: 'leaving' }, 'leaving'],
  ['a node that went silent while it was leaving', { said: 'leaving', silentMs: 10_000 }, 'failed'],
  ['a node that left, long ago', { said: 'left', silentMs: 900_000 }, 'left'],
  ['silence while nothing could be heard for a while', { deafMs: 3_500 }, 'alive'],
  ['this node is cut off', { deafMs: 4_001 }, 'failed'],
  ['a node that left before this one was cut off', { said: 'left', deafMs: 10_000 }, 'left'],
] as const)('%s', (_name, change, status) => {
  expect(memberStatus({ ...facts, ...change })).toBe(status)
})
