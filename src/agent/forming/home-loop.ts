/**
 * The node whose server stands alone forms a cluster as soon as two others could run one too.
 *
 * Easy to get wrong: the leader may be another node, but only this one has the data, so it decides by itself.
 */
import { NodeWatch } from '../../cluster/topology/node-watch.ts'
import { planTopology } from '../../cluster/topology/plan-topology.ts'
import { backoffMs } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Member } from '../../model/member.ts'
import { formCluster } from './form-cluster.ts'
import type { AttemptOutcome, FormingPeers } from './forming-calls.ts'
import type { NodeCluster } from './node-cluster.ts'
import type { TopologyFollower } from './topology-follower.ts'

const sweepMs = 500
const failedBackoff = { firstMs: 2_000, maxMs: 60_000 }

export interface HomeLoopParts {
  readonly node: NodeCluster
  readonly peers: FormingPeers
  readonly follower: TopologyFollower
  readonly mostServers: 1 | 3 | 5
  members(): readonly Member[]
  readonly clock: Clock
  readonly log: Log
}

export class HomeLoop {
  readonly #parts: HomeLoopParts
  #attempt: string | null = null

  constructor(parts: HomeLoopParts) {
    this.#parts = parts
  }

  /** How an attempt of this node stands. */
  outcome(attempt: string): AttemptOutcome {
    if (this.#attempt === attempt) return 'running'
    return this.#parts.node.record.clusterName.endsWith(`-${attempt}`) ? 'committed' : 'void'
  }

  async run(signal: AbortSignal): Promise<void> {
    const { node, clock, log, members, follower } = this.#parts
    const watch = new NodeWatch()
    for (let failures = 0; !signal.aborted; ) {
      await clock.sleep(sweepMs, signal).catch(() => {})
      if (signal.aborted) return
      if (node.record.role !== 'home') continue
      const nodes = watch.observe(members(), follower.farewells, clock.monotonicMs())
      const step = planTopology({ topology: node.topology, mostServers: this.#parts.mostServers, nodes })
      if (step.kind !== 'form') continue
      try {
        await formCluster({ ...this.#parts, signal, note: (attempt) => this.#note(attempt) }, step.with)
        failures = 0
        await this.#tell(signal)
      } catch (err) {
        if (signal.aborted) return
        failures += 1
        log.warn({ err, failures }, 'the nats servers could not be made a cluster, tries again')
        await clock.sleep(backoffMs(failedBackoff, failures, Math.random), signal).catch(() => {})
      }
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

  #note(attempt: string | null): void {
    this.#attempt = attempt
  }
}
