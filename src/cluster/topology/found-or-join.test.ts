import { expect, test } from 'vitest'
import { foundOrJoin, type StartFacts } from './found-or-join.ts'

const own = '10.0.0.1:8193'
const facts = (more: Partial<StartFacts>): StartFacts => ({
  ...{ role: null, join: [], ownAddresses: [own, 'localhost:8193'], knownServers: [] },
  ...more,
})

test.each<[string, Partial<StartFacts>, object]>([
  ['founds a cluster without --join', {}, { kind: 'found' }],
  ['founds where --join names only itself', { join: [own] }, { kind: 'found' }],
  [
    'looks for the others first where it is named first',
    { join: [own, 'b:1', 'c:1'] },
    { kind: 'look-then-found', others: ['b:1', 'c:1'] },
  ],
  [
    'knows itself by another of its names',
    { join: ['localhost:8193', 'b:1'] },
    { kind: 'look-then-found', others: ['b:1'] },
  ],
  ['joins where another is named first', { join: ['b:1', own] }, { kind: 'join', others: ['b:1'] }],
  ['goes on with its own server', { role: 'home', knownServers: [own] }, { kind: 'resume-server', others: [] }],
  [
    'asks the servers that it knows before it goes on',
    { role: 'server', knownServers: [own, 'b:1'], join: [own, 'b:1', 'c:1'] },
    { kind: 'resume-server', others: ['b:1', 'c:1'] },
  ],
  [
    'goes on as a client although it is named first',
    { role: 'client', join: [own, 'b:1'], knownServers: ['c:1'] },
    { kind: 'join', others: ['c:1', 'b:1'] },
  ],
])('a node %s', (_what, more, expected) => {
  expect(foundOrJoin(facts(more))).toEqual(expected)
})
