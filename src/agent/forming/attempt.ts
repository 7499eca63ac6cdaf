/**
 * One attempt to bring everything from a NATS server on its own into new ones: the steps in their order, on the node whose
 * server it is.
 *
 * Easy to get wrong: a store that was made on its own is not taken over by another server, so everything is copied, and
 * until `cluster.json` says otherwise the old store is the truth. Whatever dies before that, the attempt is void: this node
 * goes on with its old store when it starts again, the others discard their copies when they hear of it. Whatever dies
 * after it, the new servers are the truth: this node's record says so, and the cluster's own record tells the others.
 */
import { replicasOf, type ServerSeat, type Topology } from '../../cluster/topology/topology.ts'
import { systemClock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { Scope } from '../../core/scope.ts'
import type { Connection } from '../../engine/connection.ts'
import { transferStreams } from '../../engine/store-transfer.ts'
import { openCandidate } from './candidate-access.ts'
import type { Candidate } from './cluster-record.ts'
import { ClusterStore } from './cluster-store.ts'
import type { FormingPeers } from './forming-calls.ts'
import { freeLoopbackAddress } from './free-loopback-address.ts'
import type { NodeCluster } from './node-cluster.ts'
import type { StoreName } from './node-server.ts'

const restartPauseMs = 1_000

export interface FormingParts {
  readonly node: NodeCluster
  readonly peers: FormingPeers
  readonly log: Log
  readonly signal: AbortSignal
  /** How an attempt begins and ends, for those who ask. */
  note(attempt: string | null): void
}

export interface AttemptSteps {
  /** Nobody does anything yet: every node says which seat it would take. */
  agree(): Promise<Candidate>
  /** Starts the new servers, beside the old one that still serves everybody. */
  start(candidate: Candidate): Promise<void>
  /** Everything is copied: from its first write of the record on there is no way back. @param to one of the new servers */
  commit(candidate: Candidate, to: Connection): Promise<void>
}

/** Returns once it is committed. @throws what made it fail; then everything is as it was */
export async function makeAttempt(parts: FormingParts, attempt: string, steps: AttemptSteps): Promise<void> {
  parts.note(attempt)
  try {
    const candidate = await steps.agree()
    parts.node.write({ candidate })
    try {
      await steps.start(candidate)
      await moveInto(parts, candidate, steps)
    } catch (error) {
      if (isCommitted(parts.node, candidate)) {
        parts.log.warn({ err: error, attempt }, 'the new nats servers have everything, but not all went well')
        return
      }
      await goBack(parts, candidate)
      await tellVoid(parts, candidate)
      throw error
    }
  } finally {
    parts.note(null)
  }
}

/** Between the first line and the last nobody can write; the last is the commit. */
async function moveInto({ node, log, signal }: FormingParts, candidate: Candidate, steps: AttemptSteps): Promise<void> {
  const { server, secrets } = node.parts
  const { store: oldStore, seat } = { store: node.record.store, seat: node.seat ?? server.seat('') }
  const beganMs = performance.now()
  await server.stop()
  const passwords = secrets.attemptPasswords(candidate.attempt)
  const source = await server.startForReading(seat, oldStore as StoreName, await freeLoopbackAddress(), passwords)
  await using scope = new Scope()
  scope.defer(() => source.stop())
  const open = async (servers: readonly string[], usesTls: boolean) =>
    scope.use(await openCandidate(node.parts, { attempt: candidate.attempt, servers, usesTls }, signal), (opened) =>
      opened.close(),
    )
  const from = await open([source.url], false)
  const to = await open(
    othersOf(candidate, node).map((other) => other.clientAddress),
    true,
  )
  // What is on its way between two tasks is sent again from the target's own position.
  const isWanted = (stream: string) => !stream.startsWith('FRAMES_')
  const { streams } = await transferStreams(from, to, { isWanted, replicas: replicasOf(candidate.topology), signal })
  const tookMs = Math.round(performance.now() - beganMs)
  log.info({ streams: streams.length, tookMs }, 'everything is copied to the new nats servers')
  await steps.commit(candidate, to)
}

/** The old store is the truth, and serves everybody again. */
async function goBack({ node, log, signal }: FormingParts, candidate: Candidate): Promise<void> {
  const { server } = node.parts
  const { record, seat } = node
  await server.stopBeside()
  await untilStarted(node, () => server.startAlone(seat ?? server.seat(''), record.store as StoreName), log, signal)
  await node.dropCandidate(candidate)
}

/** Who does not hear of it asks later. */
async function tellVoid({ node, peers, log }: FormingParts, candidate: Candidate): Promise<void> {
  const others = othersOf(candidate, node)
  const told = await Promise.allSettled(others.map((seat) => peers.abort(seat.nodeName, candidate.attempt)))
  log.warn(
    { attempt: candidate.attempt, untold: told.filter(({ status }) => status === 'rejected').length },
    'the attempt to bring everything into new nats servers is void',
  )
}

/** What is committed, for the new servers' nodes, which look there. @throws UnavailableError; the signal's reason */
export async function writeInto(to: Connection, topology: Topology, signal: AbortSignal): Promise<void> {
  const store = await ClusterStore.open(to, '')
  for (;;) {
    const known = await store.topology()
    if (known !== null && known.value.generation >= topology.generation) return
    signal.throwIfAborted()
    await store.writeTopology(topology, known?.revision ?? 0)
  }
}

/** Tries until the server runs or `signal` aborts. */
export async function untilStarted(
  { parts: { server } }: NodeCluster,
  start: () => Promise<void>,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  while (server.main === null && !signal.aborted) {
    try {
      await start()
    } catch (err) {
      log.error({ err }, 'the nats server does not start, trying again')
      await systemClock.sleep(restartPauseMs, signal).catch(() => {})
    }
  }
}

/** The seats of a candidate on other nodes. */
export function othersOf({ topology }: Candidate, node: NodeCluster): readonly ServerSeat[] {
  return topology.servers.filter((seat) => seat.nodeId !== node.parts.nodeId)
}

function isCommitted(node: NodeCluster, { topology }: Candidate): boolean {
  return node.record.generation >= topology.generation
}
