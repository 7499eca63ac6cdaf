import { expect, test } from 'vitest'
import { sparingOf } from './spare-server.ts'
import type { StreamState } from './topology.ts'

/** `A*bc`: copies on A, which leads, B and C, of which small ones are behind. */
function stream(letters: string, replicas = 3): StreamState {
  const copies = [...letters.replace('*', '')].map((letter) => ({
    ...{ name: letter.toUpperCase(), isCurrent: letter !== letter.toLowerCase() },
    ...{ isOffline: false, lag: 0 },
  }))
  const leader = letters.includes('*') ? (letters[letters.indexOf('*') - 1] ?? null) : null
  const rest = { name: 's', storage: 'file', messages: 0, bytes: 0, consumers: 0, isSettled: false } as const
  return { ...rest, replicas, leader, copies }
}

test.each<[string, StreamState, string, string]>([
  ['has no leader', stream('ABC'), 'ABCD', 'wait'],
  ['has no copy there', stream('B*CD'), 'ABCD', 'spared'],
  ['is led and current elsewhere', stream('AB*C'), 'ABCD', 'spared'],
  ['is led there', stream('A*BC'), 'ABCD', 'lead B'],
  ['has a copy that is away', stream('AB*c'), 'ABD', 'copy 4'],
  ['is to get a copy more, and has it not yet', stream('AB*c', 4), 'ABD', 'wait'],
  ['has a copy more that catches up', stream('AB*cd', 4), 'ABD', 'wait'],
  ['has a copy more that has everything', stream('AB*cD', 4), 'ABD', 'spared'],
  ['is led there and has a copy more', stream('A*BcD', 4), 'ABD', 'lead B'],
  ['has a copy that is back and still behind', stream('AB*c'), 'ABCD', 'wait'],
  ['has its only current copy there', stream('A*bc'), 'AD', 'copy 4'],
  ['has a copy that is away, and no room for another', stream('AB*c'), 'AB', 'wait'],
  ['needs no other, for the two others have everything', stream('AB*C'), 'ABC', 'spared'],
  ['has five copies, one of which is away', stream('AB*CDe', 5), 'ABCD', 'spared'],
  ['has five copies, two of which are away', stream('AB*Cde', 5), 'ABCF', 'wait'],
  ['has one copy elsewhere', stream('B*', 1), 'ABD', 'spared'],
  ['has its only copy there', stream('A*', 1), 'ABD', 'copy 2'],
])('a stream that %s', (_what, state, there, expected) => {
  expect(Object.values(sparingOf(state, 'A', new Set(there))).join(' ')).toBe(expected)
})
