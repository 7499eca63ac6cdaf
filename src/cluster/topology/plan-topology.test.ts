import { describe, expect, test } from 'vitest'
import { type NodeFacts, planTopology, type TopologyFacts } from './plan-topology.ts'
import type { ServerSeat, Topology } from './topology.ts'

function node(name: string, more: Partial<NodeFacts> = {}): NodeFacts {
  const facts = { isAlive: true, sinceMs: 60_000, canServe: true, saysFarewell: false }
  return { nodeId: `id-${name}`, nodeName: name, ...facts, ...more }
}

function seat(name: string): ServerSeat {
  const addresses = { clientAddress: `${name}:8193`, routeAddress: `${name}:8194` }
  return { nodeId: `id-${name}`, nodeName: name, serverName: name, ...addresses }
}

function servers(clusterName: string, ...names: string[]): Topology {
  return { generation: 1, clusterName, servers: names.map(seat) }
}

function plan(topology: Topology, nodes: NodeFacts[], mostServers: TopologyFacts['mostServers'] = 3): string {
  const step = planTopology({ topology, nodes, mostServers })
  const names = (list: readonly { nodeName: string }[]) => list.map(({ nodeName }) => nodeName).join()
  if (step.kind === 'form') return `form with ${names(step.with)}`
  if (step.kind === 'shrink') return `keep ${names(step.keepOneOf)}`
  if (step.kind === 'move') return `move to ${step.to.nodeName}`
  return step.kind === 'change' ? `add ${names(step.add)} drop ${names(step.drop)}` : step.kind
}

const alone = servers('', 'a')
const three = servers('c', 'a', 'b', 'c')
const away = { isAlive: false, sinceMs: 700_000 }

describe('a server on its own', () => {
  test.each([
    ['stays with one other node', [node('a'), node('b')], 'none'],
    [
      'forms three with the two that were there longest',
      [node('a'), node('d', { sinceMs: 9_000 }), node('c', { sinceMs: 8_000 }), node('b')],
      'form with b,d',
    ],
    ['waits until both others are steady', [node('a'), node('b'), node('c', { sinceMs: 2_999 })], 'none'],
    ['does not count nodes that never run a server', [node('a'), node('b'), node('c', { canServe: false })], 'none'],
    ['does not count nodes that are away', [node('a'), node('b'), node('c', away)], 'none'],
    [
      'moves to the node that was there longest when its own one leaves for good',
      [node('a', { saysFarewell: true }), node('b', { sinceMs: 8_000 }), node('c', { sinceMs: 9_000 })],
      'move to c',
    ],
    [
      'waits for a node that is there for long enough to move to',
      [node('a', { saysFarewell: true }), node('b', { sinceMs: 2_999 }), node('c', { canServe: false })],
      'none',
    ],
    [
      'does not move to a node that leaves too',
      [node('a', { saysFarewell: true }), node('b', { saysFarewell: true })],
      'none',
    ],
  ])('%s', (_what, nodes, expected) => {
    expect(plan(alone, nodes)).toBe(expected)
  })

  test('stays alone where one server is allowed, and moves there too', () => {
    expect(plan(alone, [node('a'), node('b'), node('c')], 1)).toBe('none')
    expect(plan(alone, [node('a', { saysFarewell: true }), node('b'), node('c')], 1)).toBe('move to b')
  })
})

describe('three servers', () => {
  test.each([
    ['need nothing while all are there', [node('a'), node('b'), node('c'), node('d')], 'none'],
    [
      'wait for a node that is away',
      [node('a'), node('b'), node('c', { isAlive: false, sinceMs: 599_999 }), node('d')],
      'none',
    ],
    [
      'replace a node that was away for ten minutes',
      [node('a'), node('b'), node('c', away), node('d')],
      'add d drop c',
    ],
    ['keep the seat of a lost node where nobody can take it', [node('a'), node('b'), node('c', away)], 'none'],
    [
      'replace a node that leaves for good at once',
      [node('a'), node('b', { saysFarewell: true }), node('c'), node('d')],
      'add d drop b',
    ],
    [
      'replace the one that is away before the one that leaves',
      [node('a', { saysFarewell: true, isAlive: false }), node('b'), node('c', away), node('d')],
      'add d drop c',
    ],
    [
      'replace a node that leaves also while another one is away for a moment',
      [node('a', { saysFarewell: true, isAlive: false }), node('b'), node('c', { ...away, sinceMs: 9_000 }), node('d')],
      'add d drop a',
    ],
    [
      'shrink to one of those that stay when a node leaves and nobody takes its seat',
      [node('a'), node('b', { saysFarewell: true }), node('c')],
      'keep a,c',
    ],
    [
      'leave everything to one that is alive',
      [node('a', { isAlive: false, sinceMs: 1 }), node('b', { saysFarewell: true }), node('c')],
      'keep c',
    ],
    ['do not replace a node of which nothing is known yet', [node('a'), node('b'), node('d')], 'none'],
  ])('%s', (_what, nodes, expected) => {
    expect(plan(three, nodes)).toBe(expected)
  })

  test('wait for a node that has just come rather than shrink, and until who leaves was heard for a while', () => {
    const leaver = node('b', { saysFarewell: true, isAlive: false })
    expect(plan(three, [node('a'), leaver, node('c'), node('d', { sinceMs: 100 })])).toBe('wait')
    expect(plan(three, [node('a'), { ...leaver, sinceMs: 100 }, node('c')])).toBe('wait')
    expect(plan(three, [node('a'), leaver, node('c')])).toBe('keep a,c')
  })

  test('grow to five only in a pair, and only where five are allowed', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e'].map((name) => node(name))
    expect(plan(three, nodes, 5)).toBe('add d,e drop ')
    expect(plan(three, nodes.slice(0, 4), 5)).toBe('none')
    expect(plan(three, nodes, 3)).toBe('none')
  })
})

test('five servers go on with four when one leaves and nobody takes its seat', () => {
  const five = servers('c', 'a', 'b', 'c', 'd', 'e')
  const nodes = ['a', 'b', 'c', 'd'].map((name) => node(name))
  expect(plan(five, [...nodes, node('e', { saysFarewell: true })], 5)).toBe('add  drop e')
})
