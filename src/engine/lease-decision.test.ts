import { expect, test } from 'vitest'
import { decideAcquire, type LeaseRecord } from './lease-decision.ts'

const record: LeaseRecord = { nodeId: 'b', nodeName: 'node-b', owner: 'x', term: 7, isReleased: false }
const seen = { record, revision: 40, seenAtMs: 10_000 }
const facts = { seen, isUntouched: true, nodeId: 'a', owner: 'y', nowMs: 11_000, leaseMs: 2_000, jitterMs: 0 }

test.each([
  ['a lease that nobody ever held', { seen: null }, { kind: 'take', reason: 'never-held' }],
  ['a lease renewed a second ago', {}, { kind: 'wait', forMs: 1_000 }],
  ['a lease silent for exactly its length', { nowMs: 12_000 }, { kind: 'wait', forMs: 0 }],
  ['a lease silent for longer than its length', { nowMs: 12_001 }, { kind: 'take', reason: 'expired' }],
  [
    'a lease given back',
    { seen: { ...seen, record: { ...record, isReleased: true } } },
    { kind: 'take', reason: 'released' },
  ],
  [
    'a lease silent for its length, and a candidate that waits a little more',
    { nowMs: 12_050, jitterMs: 80 },
    { kind: 'wait', forMs: 30 },
  ],
  ['a lease of an earlier process of this node', { nodeId: 'b' }, { kind: 'take', reason: 'own' }],
  ['a lease that a copy of this node renews', { nodeId: 'b', isUntouched: false }, { kind: 'wait', forMs: 1_000 }],
  ['a lease that this process had', { owner: 'x', nodeId: 'b', isUntouched: false }, { kind: 'take', reason: 'own' }],
] as const)('%s', (_name, change, decision) => {
  expect(decideAcquire({ ...facts, ...change })).toEqual(decision)
})
