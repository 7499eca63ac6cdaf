/**
 * Where a task runs: the rule alone.
 *
 * Easy to get wrong: a task never moves while it can stay, however the load is spread, for each move costs its job a
 * moment. And it moves in two steps, so that the process that has it ends in order before the next one begins.
 */
import type { Member, MemberStatus } from '../../model/member.ts'
import type { TaskRole } from '../../model/replication-job.ts'

export interface PlacementFacts {
  readonly role: TaskRole
  /** The node that the user fixed. Nobody waits for one that said that it does not come back, or is no member any more. */
  readonly wantedNodeId: string | null
  readonly currentNodeId: string | null
  /** Where the job's other task is. */
  readonly partnerNodeId: string | null
  readonly isPaused: boolean
  readonly isComplete: boolean
  /** The node that still tells of a process of this task although the task is nowhere; null when none does. */
  readonly stoppingOn: string | null
  readonly members: readonly Pick<Member, 'nodeId' | 'nodeName' | 'status' | 'leavesForGood'>[]
  /** What each node has to do, by its id; this task is not among it. */
  readonly loads: ReadonlyMap<string, NodeBurden>
}

export interface NodeBurden {
  readonly tasks: number
  /** Commands that run there, or wait to. */
  readonly commands: number
}

export type Placement =
  /** It runs where it should, or rests as it should. */
  | { readonly kind: 'keep' }
  | { readonly kind: 'assign'; readonly nodeId: string }
  | { readonly kind: 'withdraw' }
  /** It should run but cannot, so it is nowhere. Also the first step of a move. */
  | { readonly kind: 'unplaceable'; readonly reason: string }
  /** It stays as it is, for what has to happen first. */
  | { readonly kind: 'wait'; readonly reason: string }

const cannotRun: Readonly<Record<Exclude<MemberStatus, 'alive'>, string>> = {
  leaving: 'which is leaving the cluster',
  left: 'which has left the cluster',
  failed: 'which has failed',
}

export function placeTask(facts: PlacementFacts): Placement {
  if (facts.isPaused || facts.isComplete) return facts.currentNodeId === null ? { kind: 'keep' } : { kind: 'withdraw' }
  const wanted = facts.members.find(({ nodeId }) => nodeId === facts.wantedNodeId)
  return wanted === undefined || isRetired(wanted) ? placeAnywhere(facts) : placeOn(wanted, facts)
}

/** @returns why a task may run elsewhere than on the node that the user fixed, and what to do; null when it may not */
export function displacement({
  role,
  wantedNodeId,
  members,
}: Pick<PlacementFacts, 'role' | 'wantedNodeId' | 'members'>): string | null {
  if (wantedNodeId === null) return null
  const wanted = members.find(({ nodeId }) => nodeId === wantedNodeId)
  if (wanted !== undefined && !isRetired(wanted)) return null
  const what =
    wanted === undefined
      ? `the node ${wantedNodeId} is no member of the cluster any more`
      : `node ${wanted.nodeName} ${wanted.status === 'leaving' ? 'leaves' : 'has left'} the cluster for good`
  return (
    `${what}, so the cluster places the ${role} task whose NodeId names it: ` +
    'change or leave out the NodeId, or start the agent there again'
  )
}

function isRetired({ status, leavesForGood }: PlacementFacts['members'][number]): boolean {
  return leavesForGood === true && status !== 'alive'
}

function placeOn(wanted: PlacementFacts['members'][number], facts: PlacementFacts): Placement {
  const { role, currentNodeId } = facts
  const { nodeId, nodeName, status } = wanted
  if (status === 'alive') return moveTo(nodeId, facts)
  // It works on until it is gone.
  if (status === 'leaving' && currentNodeId === nodeId) return { kind: 'keep' }
  const reason =
    `the ${role} task waits for its node ${nodeName}, ${cannotRun[status]}; ` +
    'start the agent there again, or change or leave out the NodeId of the task'
  return currentNodeId === nodeId ? { kind: 'wait', reason } : { kind: 'unplaceable', reason }
}

function placeAnywhere(facts: PlacementFacts): Placement {
  const { members, currentNodeId } = facts
  const current = members.find(({ nodeId }) => nodeId === currentNodeId)
  if (current?.status === 'alive') return { kind: 'keep' }
  const chosen = leastBurdened(facts)
  if (chosen !== null) return moveTo(chosen, facts)
  // A leaving node works on until it is gone when nobody can take over.
  return current?.status === 'leaving' ? { kind: 'keep' } : { kind: 'unplaceable', reason: nobodyReason(facts) }
}

function moveTo(nodeId: string, { role, currentNodeId, stoppingOn, members }: PlacementFacts): Placement {
  if (nodeId === currentNodeId) return { kind: 'keep' }
  const current = members.find((member) => member.nodeId === currentNodeId)
  if (current?.status === 'alive' || current?.status === 'leaving')
    return { kind: 'unplaceable', reason: `the ${role} task is being moved away from node ${current.nodeName}` }
  if (stoppingOn !== null) return { kind: 'wait', reason: `the ${role} task is being stopped on node ${stoppingOn}` }
  return { kind: 'assign', nodeId }
}

/** Not where the job's other task is, if there is a choice; then fewest tasks, fewest commands, smallest id. */
function leastBurdened({ members, loads, partnerNodeId }: PlacementFacts): string | null {
  const alive = members.filter(({ status }) => status === 'alive').map(({ nodeId }) => nodeId)
  const burden = (nodeId: string) => loads.get(nodeId) ?? { tasks: 0, commands: 0 }
  const compare = (a: string, b: string) =>
    Number(a === partnerNodeId) - Number(b === partnerNodeId) ||
    burden(a).tasks - burden(b).tasks ||
    burden(a).commands - burden(b).commands ||
    (a < b ? -1 : 1)
  return alive.toSorted(compare)[0] ?? null
}

function nobodyReason({ role, members }: PlacementFacts): string {
  if (members.length === 0) return `no node can run the ${role} task: the cluster has no members yet`
  const states = members.map((member) => `${member.nodeName} is ${member.status}`).join(', ')
  return `no node can run the ${role} task: ${states}; start one of them, or add a node`
}
