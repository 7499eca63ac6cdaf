/**
 * Which nodes should run the NATS servers: facts in, next step out.
 *
 * Easy to get wrong: a node that is only away comes back with its data, so nothing is done about it for long; one that
 * said farewell does not, so its data must be elsewhere before it goes. And an even number of servers survives no more
 * failures than the odd one below, so servers are added in pairs.
 */
import { isClustered, type ServerSeat, type Topology } from './topology.ts'

/** A new node may be about to be restarted again. */
export const steadyAfterMs = 3_000
/** Longer than a machine takes to start again, and than most repairs by hand. */
export const replaceAfterMs = 600_000

export interface NodeFacts {
  readonly nodeId: string
  readonly nodeName: string
  /** Heard, and not on its way out. */
  readonly isAlive: boolean
  /** Since when it has been heard, or not been heard, without a break. */
  readonly sinceMs: number
  /** It runs a server or could run one. */
  readonly canServe: boolean
  /** It said that it goes for good. */
  readonly saysFarewell: boolean
}

export interface TopologyFacts {
  readonly topology: Topology
  /** What --nats-servers allows at most. */
  readonly mostServers: 1 | 3 | 5
  readonly nodes: readonly NodeFacts[]
}

export type TopologyStep =
  | { readonly kind: 'none' }
  /** A server goes for good, and what becomes of its seat is not known yet: until then no stream gets more copies. */
  | { readonly kind: 'wait' }
  /** From one server on its own to three: `with` are the two others. */
  | { readonly kind: 'form'; readonly with: readonly NodeFacts[] }
  /** One server on its own goes to another node, for its own one goes for good. */
  | { readonly kind: 'move'; readonly to: NodeFacts }
  /** More servers, and fewer: both may be empty, never both. */
  | { readonly kind: 'change'; readonly add: readonly NodeFacts[]; readonly drop: readonly ServerSeat[] }
  /** Back to one server on its own, one of these. */
  | { readonly kind: 'shrink'; readonly keepOneOf: readonly ServerSeat[] }

const none: TopologyStep = { kind: 'none' }
const wait: TopologyStep = { kind: 'wait' }

export function planTopology(facts: TopologyFacts): TopologyStep {
  const { topology, mostServers } = facts
  const spares = sparesOf(facts)
  if (!isClustered(topology)) return withOne(facts, spares)
  const gone = topology.servers.filter((seat) => isGone(seat, facts))
  return gone.length > 0 ? withoutGone(facts, gone, spares) : grow(topology, mostServers, spares)
}

function withOne(facts: TopologyFacts, spares: readonly NodeFacts[]): TopologyStep {
  const { topology, mostServers } = facts
  const [heir] = spares
  if (topology.servers.some((seat) => nodeOf(seat, facts)?.saysFarewell === true))
    return heir === undefined ? none : { kind: 'move', to: heir }
  return mostServers < 3 || spares.length < 2 ? none : { kind: 'form', with: spares.slice(0, 2) }
}

/** One after the other: each change keeps a majority of servers that have the data. */
function withoutGone(facts: TopologyFacts, gone: readonly ServerSeat[], spares: readonly NodeFacts[]): TopologyStep {
  // One that is away gives nothing to its successor: while it counts, whoever leaves must stay for the majority.
  const first = gone.find((seat) => nodeOf(seat, facts)?.saysFarewell !== true) ?? gone[0]
  const [spare] = spares
  if (first === undefined) return none
  if (spare !== undefined) return { kind: 'change', add: [spare], drop: [first] }
  const leavers = gone.filter((seat) => nodeOf(seat, facts)?.saysFarewell === true)
  if (leavers.length === 0) return none
  if (isSpareComing(facts)) return wait
  const { servers } = facts.topology
  if (servers.length - leavers.length >= 3) return { kind: 'change', add: [], drop: leavers }
  return shrink(facts, leavers)
}

/** Fewer than three servers that stay protect nothing together: one keeps everything. */
function shrink(facts: TopologyFacts, leavers: readonly ServerSeat[]): TopologyStep {
  const { servers } = facts.topology
  // Whoever decides may have begun to listen a moment ago, and not have heard everybody yet.
  if (leavers.some((seat) => (nodeOf(seat, facts)?.sinceMs ?? 0) < steadyAfterMs)) return wait
  const staying = servers.filter((seat) => !leavers.includes(seat) && nodeOf(seat, facts)?.isAlive === true)
  return staying.length === 0 ? wait : { kind: 'shrink', keepOneOf: staying.toSorted(byName) }
}

function grow(topology: Topology, mostServers: number, spares: readonly NodeFacts[]): TopologyStep {
  const have = topology.servers.length
  const target = have % 2 === 0 ? have + 1 : have + 2
  const missing = target - have
  if (target > mostServers || spares.length < missing) return none
  return { kind: 'change', add: spares.slice(0, missing), drop: [] }
}

/** Those that have been there longest come first. */
function sparesOf(facts: TopologyFacts): readonly NodeFacts[] {
  return candidatesOf(facts)
    .filter((node) => node.sinceMs >= steadyAfterMs)
    .toSorted((a, b) => b.sinceMs - a.sinceMs || byName(a, b))
}

/** A node that will be a spare in a moment. */
function isSpareComing(facts: TopologyFacts): boolean {
  return candidatesOf(facts).length > 0
}

function candidatesOf({ topology, nodes }: TopologyFacts): readonly NodeFacts[] {
  const seated = new Set(topology.servers.map((seat) => seat.nodeId))
  return nodes.filter((node) => node.isAlive && node.canServe && !node.saysFarewell && !seated.has(node.nodeId))
}

function isGone(seat: ServerSeat, facts: TopologyFacts): boolean {
  const node = nodeOf(seat, facts)
  if (node === undefined) return false
  return node.saysFarewell || (!node.isAlive && node.sinceMs >= replaceAfterMs)
}

function nodeOf(seat: ServerSeat, { nodes }: TopologyFacts): NodeFacts | undefined {
  return nodes.find((node) => node.nodeId === seat.nodeId)
}

function byName(a: { readonly nodeName: string }, b: { readonly nodeName: string }): number {
  return a.nodeName < b.nodeName ? -1 : 1
}
