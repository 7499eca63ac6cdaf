/** Where a task runs: the rule alone. */
import type { Member } from '../../model/member.ts'
import type { TaskRole } from '../../model/replication-job.ts'

export interface PlacementFacts {
  readonly role: TaskRole
  /** The node that the user fixed. */
  readonly wantedNodeId: string | null
  readonly currentNodeId: string | null
  readonly isPaused: boolean
  readonly isComplete: boolean
  readonly members: readonly Pick<Member, 'nodeId' | 'nodeName' | 'status'>[]
  /** Tasks a node already has, by its id; this task is not among them. */
  readonly loads: ReadonlyMap<string, number>
}

export type Placement =
  /** It runs where it should, or rests as it should. */
  | { readonly kind: 'keep' }
  | { readonly kind: 'assign'; readonly nodeId: string }
  | { readonly kind: 'withdraw' }
  /** It should run but cannot. */
  | { readonly kind: 'unplaceable'; readonly reason: string }

export function placeTask(facts: PlacementFacts): Placement {
  if (facts.isPaused || facts.isComplete) return facts.currentNodeId === null ? { kind: 'keep' } : { kind: 'withdraw' }
  const alive = facts.members.filter((member) => member.status === 'alive').map((member) => member.nodeId)
  // Ours: the original left a task dead with its node. A fixed node is where a task runs while that node lives.
  if (facts.wantedNodeId !== null && alive.includes(facts.wantedNodeId)) return moveTo(facts.wantedNodeId, facts)
  if (facts.currentNodeId !== null && alive.includes(facts.currentNodeId)) return { kind: 'keep' }
  const chosen = leastLoaded(alive, facts.loads)
  if (chosen !== null) return moveTo(chosen, facts)
  // A leaving node works on until it is gone when nobody can take over.
  if (facts.members.some((member) => member.nodeId === facts.currentNodeId && member.status === 'leaving'))
    return { kind: 'keep' }
  return { kind: 'unplaceable', reason: unplaceableReason(facts) }
}

function moveTo(nodeId: string, facts: PlacementFacts): Placement {
  return nodeId === facts.currentNodeId ? { kind: 'keep' } : { kind: 'assign', nodeId }
}

function leastLoaded(nodeIds: readonly string[], loads: ReadonlyMap<string, number>): string | null {
  const load = (nodeId: string) => loads.get(nodeId) ?? 0
  return nodeIds.toSorted((a, b) => load(a) - load(b) || (a < b ? -1 : 1))[0] ?? null
}

function unplaceableReason({ role, members }: PlacementFacts): string {
  if (members.length === 0) return `no node can run the ${role} task: the cluster has no members yet`
  const states = members.map((member) => `${member.nodeName} is ${member.status}`).join(', ')
  return `no node can run the ${role} task: ${states}; start one of them, or add a node`
}
