/**
 * Places many jobs at once, evenly.
 *
 * Easy to get wrong: what runs on a node is known only after it has started. Jobs placed in one round would all see
 * the same idle node, so a round counts what it has given out itself; equally busy nodes take turns.
 */
import type { Member } from '../model/member.ts'
import { type Candidates, candidatesFor, type Placement, takeLeastBusy } from './choose-nodes.ts'
import type { NodeLoad } from './ports.ts'

export interface PlacementRound {
  place(tags: Readonly<Record<string, string>>): Placement
}

export class Placer {
  readonly #members: () => readonly Member[]
  readonly #load: NodeLoad
  readonly #lastTurn = new Map<string, number>()
  #turn = 0

  constructor(members: () => readonly Member[], load: NodeLoad) {
    this.#members = members
    this.#load = load
  }

  /** A round sees the members as they are now; use it for the jobs of one second and drop it. */
  begin(): PlacementRound {
    const members = this.#members()
    const known = new Map<string, Candidates>()
    const given = new Map<string, number>()
    const loadOf = (node: string) => this.#load.runningOn(node) + (given.get(node) ?? 0)
    const turnOf = (node: string) => this.#lastTurn.get(node) ?? 0
    const compare = (a: string, b: string) => loadOf(a) - loadOf(b) || turnOf(a) - turnOf(b) || (a < b ? -1 : 1)
    return {
      place: (tags) => {
        const key = JSON.stringify(tags)
        const candidates = known.get(key) ?? candidatesFor(tags, members)
        known.set(key, candidates)
        const placement = takeLeastBusy(candidates, compare)
        if (placement.kind === 'placed') this.#note(placement.nodeNames, given)
        return placement
      },
    }
  }

  #note(nodeNames: readonly string[], given: Map<string, number>): void {
    this.#turn += 1
    for (const node of nodeNames) {
      given.set(node, (given.get(node) ?? 0) + 1)
      this.#lastTurn.set(node, this.#turn)
    }
  }
}
