/**
 * Places jobs evenly, many at once or one after another.
 *
 * Easy to get wrong: what runs on a node is heard of a second later. Jobs placed until then would all see the same idle
 * node, so what was given to a node counts as its load for a while; equally busy nodes take turns. A node that cannot take
 * orders runs nothing and so looks idle for ever: it comes last.
 */
import type { Clock } from '../core/clock.ts'
import type { Member } from '../model/member.ts'
import { type Candidates, candidatesFor, type Placement, takeLeastBusy } from './choose-nodes.ts'
import type { NodeLoad } from './ports.ts'

export interface PlacementRound {
  place(tags: Readonly<Record<string, string>>): Placement
}

/** A heartbeat is a second apart, and tells what was started before it was sent. */
const unheardMs = 1_500

export class Placer {
  readonly #members: () => readonly Member[]
  readonly #load: NodeLoad
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #lastTurn = new Map<string, number>()
  readonly #given = new Map<string, RecentCount>()
  #turn = 0

  constructor(members: () => readonly Member[], load: NodeLoad, clock: Pick<Clock, 'monotonicMs'>) {
    this.#members = members
    this.#load = load
    this.#clock = clock
  }

  /** A round sees the members as they are now; use it for the jobs of one second and drop it. */
  begin(): PlacementRound {
    const members = this.#members()
    const known = new Map<string, Candidates>()
    const compare = this.#comparison(members)
    return {
      place: (tags) => {
        const key = JSON.stringify(tags)
        const candidates = known.get(key) ?? candidatesFor(tags, members)
        known.set(key, candidates)
        const placement = takeLeastBusy(candidates, compare)
        if (placement.kind === 'placed') this.#note(placement.nodeNames)
        return placement
      },
    }
  }

  /** Alive nodes that match all the tags, the least busy first, and those that refuse orders last. */
  candidates(tags: Readonly<Record<string, string>>): readonly string[] {
    const members = this.#members()
    return candidatesFor(tags, members).nodeNames.toSorted(this.#comparison(members))
  }

  #comparison(members: readonly Member[]): (a: string, b: string) => number {
    const nowMs = this.#clock.monotonicMs()
    const names = members.map(({ nodeName }) => nodeName)
    const refusing = new Set(names.filter((node) => this.#load.refusesOrders(node)))
    const isRefusing = (node: string) => Number(refusing.has(node))
    const loadOf = (node: string) => this.#load.runningOn(node) + (this.#given.get(node)?.since(nowMs - unheardMs) ?? 0)
    const turnOf = (node: string) => this.#lastTurn.get(node) ?? 0
    return (a, b) => isRefusing(a) - isRefusing(b) || loadOf(a) - loadOf(b) || turnOf(a) - turnOf(b) || (a < b ? -1 : 1)
  }

  #note(nodeNames: readonly string[]): void {
    this.#turn += 1
    const nowMs = this.#clock.monotonicMs()
    for (const node of nodeNames) {
      const given = this.#given.get(node) ?? new RecentCount()
      this.#given.set(node, given)
      given.add(nowMs)
      this.#lastTurn.set(node, this.#turn)
    }
  }
}

/** How often something happened of late, in slots of a tenth of a second. */
class RecentCount {
  #slots: { readonly atMs: number; count: number }[] = []
  #total = 0

  add(atMs: number): void {
    const last = this.#slots.at(-1)
    if (last !== undefined && atMs - last.atMs < 100) last.count += 1
    else this.#slots.push({ atMs, count: 1 })
    this.#total += 1
  }

  since(fromMs: number): number {
    for (let first = this.#slots[0]; first !== undefined && first.atMs < fromMs; first = this.#slots[0]) {
      this.#total -= first.count
      this.#slots.shift()
    }
    return this.#total
  }
}
