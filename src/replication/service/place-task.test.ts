import fc from 'fast-check'
import { expect, test } from 'vitest'
import { member } from '../../../test/doubles/replication-jobs.ts'
import { type PlacementFacts, placeTask } from './place-task.ts'

const [alpha, beta, gamma] = [member('alpha'), member('beta'), member('gamma')]
const failedAlpha = { ...alpha, status: 'failed' as const }
const leavingAlpha = { ...alpha, status: 'leaving' as const }

const base: PlacementFacts = {
  role: 'source',
  wantedNodeId: null,
  currentNodeId: null,
  isPaused: false,
  isComplete: false,
  members: [alpha, beta, gamma],
  loads: new Map([
    [alpha.nodeId, 3],
    [beta.nodeId, 1],
    [gamma.nodeId, 2],
  ]),
}

const onAlpha = { currentNodeId: alpha.nodeId }

test.each<[string, Partial<PlacementFacts>, ReturnType<typeof placeTask>]>([
  ['a new task goes to the least loaded node', {}, { kind: 'assign', nodeId: beta.nodeId }],
  ['a tie goes to the smaller id', { loads: new Map() }, { kind: 'assign', nodeId: alpha.nodeId }],
  ['a task stays where it is, loaded or not', onAlpha, { kind: 'keep' }],
  ['a fixed node is taken', { wantedNodeId: gamma.nodeId }, { kind: 'assign', nodeId: gamma.nodeId }],
  [
    'a task goes back to its fixed node',
    { wantedNodeId: gamma.nodeId, ...onAlpha },
    { kind: 'assign', nodeId: gamma.nodeId },
  ],
  ['a task on its fixed node stays', { wantedNodeId: alpha.nodeId, ...onAlpha }, { kind: 'keep' }],
  ['a fixed node that is gone is no hindrance', { wantedNodeId: 'retired' }, { kind: 'assign', nodeId: beta.nodeId }],
  [
    'a task of a failed node moves, even a fixed one',
    { ...onAlpha, wantedNodeId: alpha.nodeId, members: [failedAlpha, beta] },
    { kind: 'assign', nodeId: beta.nodeId },
  ],
  [
    'a task of a leaving node moves',
    { ...onAlpha, members: [leavingAlpha, gamma] },
    { kind: 'assign', nodeId: gamma.nodeId },
  ],
  ['a leaving node works on when it is alone', { ...onAlpha, members: [leavingAlpha] }, { kind: 'keep' }],
  ['a leaving node takes nothing new', { members: [leavingAlpha, beta] }, { kind: 'assign', nodeId: beta.nodeId }],
  ['a paused task is withdrawn', { isPaused: true, ...onAlpha }, { kind: 'withdraw' }],
  ['a paused task that is nowhere stays nowhere', { isPaused: true }, { kind: 'keep' }],
  ['a complete task is withdrawn', { isComplete: true, ...onAlpha }, { kind: 'withdraw' }],
  [
    'without a node it says which are in what state',
    { ...onAlpha, members: [failedAlpha] },
    {
      kind: 'unplaceable',
      reason: 'no node can run the source task: alpha is failed; start one of them, or add a node',
    },
  ],
])('%s', (_name, change, placement) => {
  expect(placeTask({ ...base, ...change })).toEqual(placement)
})

test('a task that should run is on an alive node afterwards, whenever there is one', () => {
  const status = fc.constantFrom('alive', 'leaving', 'left', 'failed')
  const nodeId = fc.option(fc.constantFrom('a', 'b', 'c', 'gone'))
  const members = fc.uniqueArray(fc.record({ nodeId: fc.constantFrom('a', 'b', 'c'), nodeName: fc.string(), status }), {
    selector: ({ nodeId: id }) => id,
  })
  fc.assert(
    fc.property(members, nodeId, nodeId, (all, wantedNodeId, currentNodeId) => {
      const alive: readonly string[] = all.filter((one) => one.status === 'alive').map((one) => one.nodeId)
      const decided = placeTask({ ...base, members: all, wantedNodeId, currentNodeId })
      const after = decided.kind === 'assign' ? decided.nodeId : currentNodeId
      if (alive.length > 0) expect(alive).toContain(after)
      if (wantedNodeId !== null && alive.includes(wantedNodeId)) expect(after).toBe(wantedNodeId)
      else if (currentNodeId !== null && alive.includes(currentNodeId)) expect(decided.kind).toBe('keep')
    }),
  )
})
