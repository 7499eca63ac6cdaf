/**
 * The node whose server stands alone forms a cluster as soon as two others could run one too, and hands the server to
 * another node when it goes for good itself.
 *
 * Easy to get wrong: the leader may be another node, but only this one has the data, so it decides by itself.
 */
import { NodeWatch } from '../../cluster/topology/node-watch.ts'
import { planTopology, type TopologyStep } from '../../cluster/topology/plan-topology.ts'
import { backoffMs } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Member } from '../../model/member.ts'
import type { ClusterStore } from './cluster-store.ts'
import { formCluster } from './form-cluster.ts'
import type { AttemptOutcome, FormingPeers } from './forming-calls.ts'
import { moveHome } from './move-home.ts'
import type { NodeCluster } from './node-cluster.ts'
import type { TopologyFollower } from './topology-follower.ts'

const sweepMs = 500
/** Each attempt stops everybody for some seconds. */
const failedBackoff = { firstMs: 10_000, maxMs: 600_000 }

export interface HomeLoopParts {
  readonly node: NodeCluster
  readonly peers: FormingPeers
  readonly store: ClusterStore
  readonly follower: TopologyFollower
  readonly mostServers: 1 | 3 | 5
  members(): readonly Member[]
  readonly clock: Clock
  readonly log: Log
}

export class HomeLoop {
  readonly #parts: HomeLoopParts
  #attempt: string | null = null
  /** Undefined: what is stored is of an earlier start. */
  #trouble: string | null | undefined = undefined

  constructor(parts: HomeLoopParts) {
    this.#parts = parts
  }

  /** How an attempt of this node stands. */
  outcome(attempt: string): AttemptOutcome {
    if (this.#attempt === attempt) return 'running'
    const { clusterName, servers } = this.#parts.node.record
    const names = [clusterName, ...servers.map(({ serverName }) => serverName)]
    return names.some((name) => name.endsWith(`-${attempt}`)) ? 'committed' : 'void'
  }

  async run(signal: AbortSignal): Promise<void> {
    const { node, clock, members, follower } = this.#parts
    const watch = new NodeWatch()
    for (let failures = 0; !signal.aborted; ) {
      await clock.sleep(sweepMs, signal).catch(() => {})
      if (signal.aborted) return
      if (node.record.role !== 'home' || node.parts.server.main === null) continue
      const nodes = watch.observe(members(), follower.farewells, clock.monotonicMs())
      const step = planTopology({ topology: node.topology, mostServers: this.#parts.mostServers, nodes })
      if (step.kind !== 'form' && step.kind !== 'move') continue
      try {
        await this.#take(step, signal)
        failures = 0
        await this.#tell(signal)
        await this.#noteTrouble(null)
      } catch (err) {
        if (signal.aborted) return
        failures += 1
        const pauseMs = backoffMs(failedBackoff, failures, Math.random)
        await this.#tellTrouble(step.kind, err, failures, pauseMs)
        await clock.sleep(pauseMs, signal).catch(() => {})
      }
    }
  }

  async #take(step: Extract<TopologyStep, { kind: 'form' | 'move' }>, signal: AbortSignal): Promise<void> {
    const parts = { ...this.#parts, signal, note: (attempt: string | null) => this.#note(attempt) }
    parts.node.isAttempting = true
    try {
      await (step.kind === 'form' ? formCluster(parts, step.with) : moveHome(parts, step.to))
    } finally {
      parts.node.isAttempting = false
    }
  }

  /** Until everybody can know it; the node that dies before does it at its next start. */
  async #tell(signal: AbortSignal): Promise<void> {
    const { follower, clock, log } = this.#parts
    follower.tellConnection()
    while (!signal.aborted) {
      try {
        await follower.publish()
        return
      } catch (err) {
        log.debug({ err }, 'the new topology is not told yet')
        await clock.sleep(sweepMs, signal).catch(() => {})
      }
    }
  }

  /** The same reason is told once. */
  async #tellTrouble(kind: 'form' | 'move', err: unknown, failures: number, pauseMs: number): Promise<void> {
    const { log } = this.#parts
    const reason = messageOf(err)
    const facts = { err, failures, nextInMs: pauseMs }
    const what = kind === 'form' ? 'the nats servers could not be made a cluster' : 'the nats server could not be moved'
    if (reason === this.#trouble) log.debug(facts, `${what} again`)
    else log.warn(facts, `${what}, tries again and again, ever more rarely`)
    await this.#noteTrouble(reason)
  }

  /** For the status of the cluster. */
  async #noteTrouble(reason: string | null): Promise<void> {
    const { store, log } = this.#parts
    if (reason === this.#trouble) return
    this.#trouble = reason
    await store.noteTrouble(reason).catch((err: unknown) => log.debug({ err }, 'the reason cannot be stored'))
  }

  #note(attempt: string | null): void {
    this.#attempt = attempt
  }
}
