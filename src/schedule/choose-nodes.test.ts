import { expect, test } from 'vitest'
import { sampleMember } from '../../test/doubles/samples.ts'
import { FakeClock } from '../core/clock.ts'
import { candidatesFor } from './choose-nodes.ts'
import { Placer } from './placer.ts'

const clock = new FakeClock(0)
const members = [
  sampleMember('a', { tags: { role: 'web', zone: 'eu' } }),
  sampleMember('b', { tags: { role: 'web', zone: 'us' } }),
  sampleMember('c', { tags: { role: 'db', zone: 'eu' } }),
  sampleMember('gone', { tags: { role: 'web', zone: 'eu' }, status: 'failed' }),
  sampleMember('leaves', { tags: { role: 'web', zone: 'eu' }, status: 'leaving' }),
]

test.each([
  [{}, ['a', 'b', 'c']],
  [{ role: 'web' }, ['a', 'b']],
  [{ role: 'web|db' }, ['a', 'b', 'c']],
  [{ role: 'we' }, []],
  [{ role: 'web', zone: 'eu' }, ['a']],
  [{ zone: '' }, []],
  [{ rack: '.*' }, []],
  [{ toString: '.*' }, []],
  [{ dkron_server: 'true' }, ['a', 'b', 'c']],
  [{ dkron_version: String.raw`0\.7\..*` }, ['a', 'b', 'c']],
])('tags %j match the alive nodes %j', (tags, nodeNames) => {
  expect(candidatesFor(tags, members).nodeNames).toEqual(nodeNames)
})

test('a count takes the least busy of the nodes that match all tags', () => {
  const running: Record<string, number> = { a: 5, b: 1, c: 0 }
  const placer = new Placer(
    () => members,
    { runningOn: (node) => running[node] ?? 0, refusesOrders: () => false },
    clock,
  )
  expect(placer.begin().place({ role: 'web:1' })).toEqual({ kind: 'placed', nodeNames: ['b'] })
  expect(placer.begin().place({ role: 'web:2' })).toEqual({ kind: 'placed', nodeNames: ['a', 'b'] })
  expect(placer.begin().place({ role: 'web:9' })).toEqual({ kind: 'placed', nodeNames: ['a', 'b'] })
  expect(placer.begin().place({ role: 'web:2', zone: '.*:1' })).toEqual({ kind: 'placed', nodeNames: ['b'] })
})

test('jobs of one second are spread over equally busy nodes, and so are later seconds', () => {
  const placer = new Placer(() => members, { runningOn: () => 0, refusesOrders: () => false }, clock)
  const chosen = (round = placer.begin()) => {
    const placement = round.place({ role: 'web:1' })
    return placement.kind === 'placed' ? placement.nodeNames : []
  }
  const round = placer.begin()
  expect([chosen(round), chosen(round), chosen(round)].flat()).toEqual(['a', 'b', 'a'])
  expect([chosen(), chosen()].flat()).toEqual(['b', 'a'])
})

test('what was given out counts as load until the node has told of it, and no longer', async () => {
  const time = new FakeClock(0)
  const running: Record<string, number> = { a: 0, b: 3 }
  const placer = new Placer(
    () => members,
    { runningOn: (node) => running[node] ?? 0, refusesOrders: () => false },
    time,
  )
  const next = () => placer.begin().place({ role: 'web:1' })
  const nodes = Array.from({ length: 6 }, next).map(
    (placement) => placement.kind === 'placed' && placement.nodeNames[0],
  )
  expect(nodes).toEqual(['a', 'a', 'a', 'b', 'a', 'b'])
  await time.advance(2_000)
  expect(next()).toEqual({ kind: 'placed', nodeNames: ['a'] })
})

test('a node that refuses orders is given what asks for a number of nodes only when there are not enough others', () => {
  const running: Record<string, number> = { a: 0, b: 7, c: 9 }
  const placer = new Placer(
    () => members,
    { runningOn: (node) => running[node] ?? 0, refusesOrders: (node) => node === 'a' },
    clock,
  )
  const round = placer.begin()
  for (let turn = 0; turn < 3; turn += 1)
    expect(round.place({ role: 'web:1' })).toEqual({ kind: 'placed', nodeNames: ['b'] })
  expect(round.place({ role: 'web:2' })).toEqual({ kind: 'placed', nodeNames: ['a', 'b'] })
  expect(round.place({ role: 'web', zone: 'eu:1' })).toEqual({ kind: 'placed', nodeNames: ['a'] })
  expect(round.place({ dkron_server: 'true:2' })).toEqual({ kind: 'placed', nodeNames: ['c', 'b'] })
  expect(placer.candidates({ role: 'web' })).toEqual(['b', 'a'])
})

test('a job without a number of nodes goes to those that refuse orders too', () => {
  const placer = new Placer(() => members, { runningOn: () => 0, refusesOrders: () => true }, clock)
  expect(placer.begin().place({ role: 'web' })).toEqual({ kind: 'placed', nodeNames: ['a', 'b'] })
})

test.each([
  [{ role: 'none' }, 'no alive node matches the tag role=none'],
  [{ role: 'web', zone: 'asia' }, 'no alive node matches all the tags role=web, zone=asia'],
])('where no node matches %j the reason names the tags', (tags, reason) => {
  const placer = new Placer(() => members, { runningOn: () => 0, refusesOrders: () => false }, clock)
  expect(placer.begin().place(tags)).toEqual({ kind: 'unplaced', reason })
})

test('where no node is alive the reason says so', () => {
  expect(candidatesFor({}, [sampleMember('x', { status: 'left' })]).reason).toBe('no node is alive')
})
