/** Somebody who runs jobs by hand at any node, once a second, and counts what was answered. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../../scripts/demo/random.ts'
import type { RunNowFacts } from '../checker/facts.ts'
import type { Cluster } from '../cluster.ts'

const pauseMs = 1_000
const answerWithinMs = 15_000

export class RunOrders {
  readonly #cluster: Cluster
  readonly #random: Random
  readonly #counts: ReadonlyMap<string, { confirmed: number; unclear: number }>
  #running: Promise<void> | null = null
  #isStopping = false

  /** @param jobNames jobs that nothing else runs */
  constructor(cluster: Cluster, random: Random, jobNames: readonly string[]) {
    this.#cluster = cluster
    this.#random = random
    this.#counts = new Map(jobNames.map((name) => [name, { confirmed: 0, unclear: 0 }]))
  }

  start(): void {
    this.#running = this.#order()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#running
  }

  get facts(): readonly RunNowFacts[] {
    return [...this.#counts].map(([jobName, counts]) => ({ jobName, ...counts }))
  }

  async #order(): Promise<void> {
    while (!this.#isStopping) {
      const [jobName, counts] = this.#random.pick([...this.#counts])
      const node = this.#random.pick(this.#cluster.nodes)
      const answer = await node
        .api('dkron', 'POST', `/v1/jobs/${jobName}`, undefined, answerWithinMs)
        .catch(() => ({ status: 0 }))
      if (answer.status === 200) counts.confirmed += 1
      else if (answer.status === 0 || answer.status >= 500) counts.unclear += 1
      await sleep(pauseMs)
    }
  }
}
