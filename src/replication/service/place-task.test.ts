import fc from 'fast-check'
import { expect, test } from 'vitest'
import { member } from '../../../test/doubles/replication-jobs.ts'
import type { MemberStatus } from '../../model/member.ts'
import { displacement, type PlacementFacts, placeTask } from './place-task.ts'

const [alpha, beta, gamma] = [member('alpha'), member('beta'), member('gamma')]

const base: PlacementFacts = {
  role: 'source',
  wantedNodeId: null,
  currentNodeId: null,
  partnerNodeId: null,
  isPaused: false,
  isComplete: false,
  stoppingOn: null,
  members: [alpha, beta, gamma],
  loads: new Map([
    [alpha.nodeId, { tasks: 3, commands: 0 }],
    [beta.nodeId, { tasks: 1, commands: 9 }],
    [gamma.nodeId, { tasks: 2, commands: 0 }],
  ]),
}

const onAlpha = { currentNodeId: alpha.nodeId }
const fixedToAlpha = { wantedNodeId: alpha.nodeId }
const fixedToGamma = { wantedNodeId: gamma.nodeId }
const equallyBurdened = new Map([alpha, beta, gamma].map(({ nodeId }) => [nodeId, { tasks: 1, commands: 0 }]))

function alphaIs(status: MemberStatus): Pick<PlacementFacts, 'members'> {
  return { members: [{ ...alpha, status }, beta] }
}

function alphaGoesForGood(status: MemberStatus): Pick<PlacementFacts, 'members'> {
  return { members: [{ ...alpha, status, leavesForGood: true }, beta] }
}

function waitsForAlpha(state: string): string {
  return (
    `the source task waits for its node alpha, which ${state}; ` +
    'start the agent there again, or change or leave out the NodeId of the task'
  )
}

test.each<[string, Partial<PlacementFacts>, ReturnType<typeof placeTask>]>([
  ['a new task goes to the node with the fewest tasks', {}, { kind: 'assign', nodeId: beta.nodeId }],
  [
    'of nodes with as many tasks the one with the fewest commands is taken',
    { loads: new Map([...equallyBurdened, [alpha.nodeId, { tasks: 1, commands: 5 }]]) },
    { kind: 'assign', nodeId: beta.nodeId },
  ],
  ['a tie goes to the smaller id', { loads: new Map() }, { kind: 'assign', nodeId: alpha.nodeId }],
  [
    "the node of the job's other task is taken last",
    { partnerNodeId: beta.nodeId },
    { kind: 'assign', nodeId: gamma.nodeId },
  ],
  [
    "the node of the job's other task is taken when there is no other",
    { partnerNodeId: beta.nodeId, members: [beta] },
    { kind: 'assign', nodeId: beta.nodeId },
  ],
  ['a task stays where it is, loaded or not', onAlpha, { kind: 'keep' }],
  [
    'a task stays where it is when its partner is there too',
    { ...onAlpha, partnerNodeId: alpha.nodeId },
    { kind: 'keep' },
  ],
  ['a fixed node is taken', fixedToGamma, { kind: 'assign', nodeId: gamma.nodeId }],
  [
    'a fixed node is taken although the other task is there',
    { ...fixedToGamma, partnerNodeId: gamma.nodeId },
    { kind: 'assign', nodeId: gamma.nodeId },
  ],
  [
    'a task that is elsewhere ends there before it goes to its fixed node',
    { ...fixedToGamma, ...onAlpha },
    { kind: 'unplaceable', reason: 'the source task is being moved away from node alpha' },
  ],
  [
    'a task goes to its fixed node at once when the node that had it is dead',
    { ...fixedToGamma, ...onAlpha, members: [{ ...alpha, status: 'failed' }, gamma] },
    { kind: 'assign', nodeId: gamma.nodeId },
  ],
  ['a task on its fixed node stays', { ...fixedToAlpha, ...onAlpha }, { kind: 'keep' }],
  [
    'a fixed node that is no member any more is no hindrance',
    { wantedNodeId: 'retired' },
    { kind: 'assign', nodeId: beta.nodeId },
  ],
  ['a task of a failed node moves', { ...onAlpha, ...alphaIs('failed') }, { kind: 'assign', nodeId: beta.nodeId }],
  [
    'a task that is fixed to a failed node waits for it',
    { ...fixedToAlpha, ...onAlpha, ...alphaIs('failed') },
    { kind: 'wait', reason: waitsForAlpha('has failed') },
  ],
  [
    'a task that is fixed to a node that has left waits for it',
    { ...fixedToAlpha, ...onAlpha, ...alphaIs('left') },
    { kind: 'wait', reason: waitsForAlpha('has left the cluster') },
  ],
  [
    'a task that is fixed to a node that has left for good is placed elsewhere',
    { ...fixedToAlpha, ...onAlpha, ...alphaGoesForGood('left') },
    { kind: 'assign', nodeId: beta.nodeId },
  ],
  [
    'a node that died while it left for good is not waited for',
    { ...fixedToAlpha, ...onAlpha, ...alphaGoesForGood('failed') },
    { kind: 'assign', nodeId: beta.nodeId },
  ],
  [
    'a task that is fixed to a node that leaves for good ends there before it begins elsewhere',
    { ...fixedToAlpha, ...onAlpha, ...alphaGoesForGood('leaving') },
    { kind: 'unplaceable', reason: 'the source task is being moved away from node alpha' },
  ],
  [
    'a new task that is fixed to a failed node is nowhere',
    { ...fixedToAlpha, ...alphaIs('failed') },
    { kind: 'unplaceable', reason: waitsForAlpha('has failed') },
  ],
  [
    'a task that is fixed to a failed node does not run on another one',
    { ...fixedToAlpha, ...alphaIs('failed'), currentNodeId: beta.nodeId },
    { kind: 'unplaceable', reason: waitsForAlpha('has failed') },
  ],
  [
    'a task that is fixed to a leaving node works on until that has left',
    { ...fixedToAlpha, ...onAlpha, ...alphaIs('leaving') },
    { kind: 'keep' },
  ],
  [
    'a leaving node takes nothing new, fixed to it or not',
    { ...fixedToAlpha, ...alphaIs('leaving') },
    { kind: 'unplaceable', reason: waitsForAlpha('is leaving the cluster') },
  ],
  [
    'a task ends on a leaving node before it begins elsewhere',
    { ...onAlpha, ...alphaIs('leaving') },
    { kind: 'unplaceable', reason: 'the source task is being moved away from node alpha' },
  ],
  [
    'a task does not begin while a process of it still ends elsewhere',
    { stoppingOn: 'alpha' },
    { kind: 'wait', reason: 'the source task is being stopped on node alpha' },
  ],
  [
    'a leaving node works on when it is alone',
    { ...onAlpha, members: [{ ...alpha, status: 'leaving' }] },
    { kind: 'keep' },
  ],
  ['a paused task is withdrawn', { isPaused: true, ...onAlpha }, { kind: 'withdraw' }],
  [
    'a paused task is withdrawn from a failed node that it is fixed to',
    { isPaused: true, ...fixedToAlpha, ...onAlpha, ...alphaIs('failed') },
    { kind: 'withdraw' },
  ],
  ['a paused task that is nowhere stays nowhere', { isPaused: true }, { kind: 'keep' }],
  ['a complete task is withdrawn', { isComplete: true, ...onAlpha }, { kind: 'withdraw' }],
  [
    'without a node it says which are in what state',
    { ...onAlpha, members: [{ ...alpha, status: 'failed' }] },
    {
      kind: 'unplaceable',
      reason: 'no node can run the source task: alpha is failed; start one of them, or add a node',
    },
  ],
])('%s', (_name, change, placement) => {
  expect(placeTask({ ...base, ...change })).toEqual(placement)
})

test.each<[string, Partial<PlacementFacts>, RegExp | null]>([
  ['no fixed node', {}, null],
  ['a fixed node that lives', fixedToAlpha, null],
  ['a fixed node that stopped', { ...fixedToAlpha, ...alphaIs('left') }, null],
  ['a fixed node that came back', { ...fixedToAlpha, ...alphaGoesForGood('alive') }, null],
  [
    'a fixed node that leaves for good',
    { ...fixedToAlpha, ...alphaGoesForGood('leaving') },
    /^node alpha leaves the cluster for good, so the cluster places the source task .*NodeId/,
  ],
  [
    'a fixed node that has left for good',
    { ...fixedToAlpha, ...alphaGoesForGood('left') },
    /^node alpha has left the cluster for good, .* start the agent there again$/,
  ],
  ['a fixed node that is no member', { wantedNodeId: 'retired' }, /^the node retired is no member of the cluster any/],
])('why a task is not for its node: %s', (_name, change, reason) => {
  const told = displacement({ ...base, ...change })
  if (reason === null) expect(told).toBeNull()
  else expect(told).toMatch(reason)
})

const status = fc.constantFrom<MemberStatus>('alive', 'leaving', 'left', 'failed')
const nodeId = fc.option(fc.constantFrom('a', 'b', 'c', 'gone'))
const members = fc.uniqueArray(fc.record({ nodeId: fc.constantFrom('a', 'b', 'c'), nodeName: fc.string(), status }), {
  selector: ({ nodeId: id }) => id,
})

/** Where the task is after every step that one view of the cluster leads to. */
function settled(facts: PlacementFacts): string | null {
  let currentNodeId = facts.currentNodeId
  for (let step = 0; step < 3; step += 1) {
    const placement = placeTask({ ...facts, currentNodeId })
    if (placement.kind === 'assign') currentNodeId = placement.nodeId
    else if (placement.kind === 'withdraw' || placement.kind === 'unplaceable') currentNodeId = null
  }
  return currentNodeId
}

test('a task that should run comes to rest on an alive node whenever there is one, unless it is fixed to another', () => {
  fc.assert(
    fc.property(members, nodeId, nodeId, nodeId, (all, wantedNodeId, currentNodeId, partnerNodeId) => {
      const alive: readonly string[] = all.filter((one) => one.status === 'alive').map((one) => one.nodeId)
      const after = settled({ ...base, members: all, wantedNodeId, currentNodeId, partnerNodeId })
      const isFixed = all.some((one) => one.nodeId === wantedNodeId)
      if (isFixed && alive.includes(wantedNodeId ?? '')) expect(after).toBe(wantedNodeId)
      else if (isFixed) expect([wantedNodeId, null]).toContain(after)
      else if (alive.length > 0) expect(alive).toContain(after)
    }),
  )
})

test('a task never moves from an alive node when others join, leave, fail or come back', () => {
  fc.assert(
    fc.property(members, nodeId, (all, partnerNodeId) => {
      const alive = all.find((one) => one.status === 'alive')
      if (alive === undefined) return
      const facts = { ...base, members: all, partnerNodeId, currentNodeId: alive.nodeId }
      expect(placeTask(facts)).toEqual({ kind: 'keep' })
    }),
  )
})
