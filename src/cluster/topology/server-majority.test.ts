import { describe, expect, test } from 'vitest'
import { type CountedServer, canSpare, keepsMajority } from './server-majority.ts'

/** Each letter is a server; a small one is away. */
function servers(letters: string): CountedServer[] {
  return [...letters].map((letter) => ({ name: letter.toUpperCase(), isThere: letter !== letter.toLowerCase() }))
}

describe('a change keeps a majority', () => {
  test.each<[string, string, string, readonly string[], boolean]>([
    ['while all are there', 'ABC', 'X', ['A'], true],
    ['while one that stays is away: three of four, then two of three', 'ABc', 'X', ['A'], true],
    ['when the one that is away goes', 'ABc', 'X', ['C'], true],
    ['not without one for the place of who goes', 'ABc', '', ['A'], false],
    ['not where there is none before', 'Abc', 'X', ['A'], false],
    ['where one that was to come died, and another comes in its place', 'ABc', 'dX', ['D'], true],
    ['not where one that is on its way may not come', 'ABc', 'dX', ['B'], false],
    ['of five while one is away', 'ABCDe', '', ['A'], true],
    ['of five while two are away and one of them is replaced', 'ABCde', 'X', ['D'], true],
    ['of five, not while two are away and one of those there goes', 'ABCde', '', ['A'], false],
  ])('%s', (_what, letters, added, drop, expected) => {
    expect(keepsMajority(servers(letters), servers(added), drop)).toBe(expected)
  })
})

describe('a server can be spared', () => {
  test.each<[string, string, boolean]>([
    ['of four of which one is away', 'ABcD', true],
    ['of four, not while its successor still catches up', 'ABcd', false],
    ['of three, not while one is away', 'ABc', false],
    ['of four that are all there', 'ABCD', true],
  ])('%s', (_what, letters, expected) => {
    expect(canSpare(servers(letters), 'A')).toBe(expected)
  })
})
