/**
 * Does one thing after another to a cluster, at moments and to machines drawn from a seed, and puts each right again.
 *
 * Easy to get wrong: of three servers one may be away at a time, so a machine must be back in everybody's eyes before the
 * next one has its turn. Agents alone may be killed at any time: their NATS servers live on.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../../scripts/demo/random.ts'
import { eventually } from '../../harness/eventually.ts'
import type { Trouble } from '../checker/facts.ts'
import type { Cluster } from '../cluster.ts'
import type { ClusterNode } from '../node/cluster-node.ts'
import { drawFault, type Fault, type FaultKind, type FaultRange, faultKinds } from './fault.ts'

export interface FaultPlan {
  readonly random: Random
  /** No new fault is begun after this long. */
  readonly durationMs: number
  readonly range: FaultRange
  /** These come first, in this order; then chance decides. */
  readonly first: readonly FaultKind[]
}

const backWithinMs = 90_000
const longestPauseMs = 1_500
const firstPauseMs = 500

export class FaultDriver {
  readonly #cluster: Cluster
  readonly #plan: FaultPlan
  readonly #troubles: Trouble[] = []
  readonly #startedAt = performance.now()

  constructor(cluster: Cluster, plan: FaultPlan) {
    this.#cluster = cluster
    this.#plan = plan
  }

  get troubles(): readonly Trouble[] {
    return this.#troubles
  }

  /** @throws Error when a machine does not come back after its fault was put right */
  async run(): Promise<void> {
    const { random, durationMs, range, first } = this.#plan
    const endAt = performance.now() + durationMs
    for (let count = 0; performance.now() < endAt; count += 1) {
      await sleep(random.between(firstPauseMs, longestPauseMs))
      const kind = first[count] ?? random.pick(faultKinds)
      const alsoKilled = random.chance(0.25) ? random.pick(this.#cluster.nodes) : null
      const fault = await drawFault(kind, this.#cluster, random, range)
      if (fault === null) this.#tell(`${kind}: not possible here or now`)
      else await Promise.all([this.#do(fault), this.#killBeside(fault, alsoKilled)])
    }
  }

  async #do(fault: Fault): Promise<void> {
    const { kind, node, holdMs, killsCommands, detail } = fault
    const fromMs = Date.now()
    const touched = this.#touchedBy(node)
    this.#tell(`${kind} ${detail} on ${node.name}, for ${holdMs} ms`)
    try {
      await fault.begin()
      await sleep(holdMs)
    } finally {
      await fault.heal()
    }
    const healedAt = performance.now()
    await this.#isBack(node)
    this.#tell(`${kind}: ${node.name} is back after ${Math.round(performance.now() - healedAt)} ms`)
    const times = { fromMs, toMs: Date.now() }
    this.#troubles.push({ what: kind, nodeNames: [node.name], ...times, killsCommands })
    if (touched.length === 0) return
    this.#troubles.push({ what: `${kind}, of the only server`, nodeNames: touched, ...times, killsCommands: false })
  }

  /** Another node's agent dies while something else is wrong. */
  async #killBeside({ node, holdMs }: Fault, other: ClusterNode | null): Promise<void> {
    if (other === null || other === node) return
    await sleep(holdMs / 2)
    const fromMs = Date.now()
    this.#tell(`agent killed on ${other.name}, too`)
    await other.killAgent()
    await sleep(500)
    // While the cluster has no majority for long enough an agent may give up its start; it is started again.
    await eventually(() => other.start().then(() => true), backWithinMs, `a start of ${other.name}`)
    await this.#isBack(other)
    const what = 'agent killed'
    this.#troubles.push({ what, nodeNames: [other.name], fromMs, toMs: Date.now(), killsCommands: false })
  }

  /** Those to whom it happens as well, because the node has the only NATS server: so it is while few nodes stay. */
  #touchedBy(node: ClusterNode): readonly string[] {
    if (!node.hasOnlyServer) return []
    return this.#cluster.nodes.flatMap((other) => (other === node ? [] : [other.name]))
  }

  /** Every node sees it alive, itself included. */
  async #isBack(node: ClusterNode): Promise<void> {
    await eventually(
      async () => {
        for (const other of this.#cluster.nodes) {
          if (!other.isRunning) throw new Error(`${other.name} does not run`)
          const members = await this.#cluster.membersAt(other)
          const seen = members.find(({ Name }) => Name === node.name)
          if (seen?.Status !== 1) throw new Error(`${other.name} sees ${node.name} with status ${seen?.Status}`)
        }
        return true
      },
      backWithinMs,
      `the return of ${node.name}`,
    )
  }

  #tell(text: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1_000).toFixed(1)
    console.log(`${new Date().toISOString()} ${seconds.padStart(6)} s  ${text}`)
  }
}
