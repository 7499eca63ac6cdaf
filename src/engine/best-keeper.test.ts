import { expect, test } from 'vitest'
import { bestKeeper, type StreamState } from './topology.ts'

/** @param copies `a b!`: the leader's first, one that is behind with an exclamation mark */
function stream(copies: string): StreamState {
  const peers = copies.split(' ').map((text) => ({
    name: text.replace('!', ''),
    isCurrent: !text.endsWith('!'),
    isOffline: false,
    lag: 0,
  }))
  const leader = peers[0]?.name ?? null
  const known = { name: 's', storage: 'file', messages: 0, bytes: 0, consumers: 0, isSettled: true } as const
  return { ...known, leader, copies: peers, replicas: peers.length }
}

test.each([
  ['the first of equal ones', ['a b c', 'c a b'], 'a'],
  ['one whose copies are current', ['c a! b', 'b c a!'], 'b'],
  ['one that has most of them', ['c a! b', 'c a! b', 'a b! c'], 'b'],
  ['one on which an earlier gathering began, although others have more', ['a', 'b c a!', 'b c a!'], 'a'],
])('everything is kept by %s', (_what, streams, expected) => {
  expect(bestKeeper(streams.map(stream), ['a', 'b'])).toBe(expected)
})

test('nobody keeps anything where nobody stays', () => {
  expect(bestKeeper([stream('a b c')], [])).toBeNull()
})
