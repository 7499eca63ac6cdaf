/**
 * Somebody who creates, changes and deletes jobs at any node all the time, and keeps a ledger of what was answered.
 *
 * Easy to get wrong: a request without an answer may have been obeyed, or may be obeyed later still. Its name is left
 * alone from then on, and in the end either version of it is right.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../../scripts/demo/random.ts'
import type { LedgerEntry, SeenWrong } from '../checker/facts.ts'
import type { Cluster } from '../cluster.ts'
import type { ClusterNode } from '../node/cluster-node.ts'

const pauseMs = 250
const answerWithinMs = 15_000
const namesInUse = 12

interface Open {
  readonly name: string
  version: string | null
}

export class ApiWrites {
  readonly #cluster: Cluster
  readonly #random: Random
  readonly #open: Open[] = []
  readonly #closed: LedgerEntry[] = []
  readonly #seenWrong: SeenWrong[] = []
  #count = 0
  #stored = 0
  #running: Promise<void> | null = null
  #isStopping = false

  constructor(cluster: Cluster, random: Random) {
    this.#cluster = cluster
    this.#random = random
  }

  start(): void {
    this.#running = this.#write()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#running
  }

  get ledger(): readonly LedgerEntry[] {
    return [...this.#closed, ...this.#open.map(({ name, version }) => ({ name, allowed: [version] }))]
  }

  /** Answers that cannot be true, whatever comes later. */
  get seenWrong(): readonly SeenWrong[] {
    return this.#seenWrong
  }

  /** In words. */
  get summary(): string {
    return `${this.#stored} writes stored, ${this.#closed.length} without a clear answer`
  }

  async #write(): Promise<void> {
    while (!this.#isStopping) {
      await this.#writeOnce()
      await sleep(pauseMs)
    }
  }

  async #writeOnce(): Promise<void> {
    const entry = this.#pickEntry()
    const node = this.#random.pick(this.#cluster.nodes)
    const isDelete = entry.version !== null && this.#random.chance(0.25)
    this.#count += 1
    const after = isDelete ? null : `v${this.#count}`
    const answer = await this.#ask(node, entry.name, after)
    const wanted = isDelete ? 200 : 201
    if (answer === wanted) {
      entry.version = after
      this.#stored += 1
      await this.#readElsewhere(entry)
    } else if (answer === 404)
      this.#noteWrong(node, `${node.name} answered 404 to the deletion of ${entry.name}, a stored job`)
    // What was refused was not done; anything else leaves it open.
    else if (answer === null || answer >= 500) this.#close(entry, after)
  }

  #pickEntry(): Open {
    if (this.#open.length < namesInUse) {
      const entry = { name: `ledger-${this.#open.length + this.#closed.length}`, version: null }
      this.#open.push(entry)
      return entry
    }
    return this.#random.pick(this.#open)
  }

  /** @returns the status, or null without an answer */
  async #ask(node: ClusterNode, name: string, version: string | null): Promise<number | null> {
    const body = { name, schedule: '@manually', command: 'true', displayname: version }
    const request =
      version === null
        ? node.api('dkron', 'DELETE', `/v1/jobs/${name}`, undefined, answerWithinMs)
        : node.api('dkron', 'POST', '/v1/jobs', body, answerWithinMs)
    return await request.then(
      ({ status }) => status,
      () => null,
    )
  }

  /** Any node reads what any node stored. */
  async #readElsewhere({ name, version }: Open): Promise<void> {
    if (version === null || this.#random.chance(0.5)) return
    const node = this.#random.pick(this.#cluster.nodes)
    const answer = await node.api('dkron', 'GET', `/v1/jobs/${name}`).catch(() => null)
    if (answer?.status === 404) this.#noteWrong(node, `${node.name} answered 404 for ${name}, a stored job`)
  }

  #noteWrong({ name: nodeName }: ClusterNode, what: string): void {
    this.#seenWrong.push({ what, nodeName, atMs: Date.now() })
  }

  #close(entry: Open, after: string | null): void {
    this.#open.splice(this.#open.indexOf(entry), 1)
    this.#closed.push({ name: entry.name, allowed: [entry.version, after] })
  }
}
