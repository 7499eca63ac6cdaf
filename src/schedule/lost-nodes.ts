/**
 * Which nodes are gone for so long that nobody waits for them any more.
 *
 * Easy to get wrong: only what this leader itself has watched counts. After its process stood still it knows nothing of
 * the time between, so the watch begins anew.
 */
import type { Member } from '../model/member.ts'

export interface LostNode {
  readonly nodeName: string
  /** How long this leader has seen it as gone. */
  readonly goneForMs: number
}

const lostAfterMs = 30_000
/** Looks are a second apart; a longer break means that the process stood still. */
const longestBreakMs = 5_000

export class LostNodes {
  readonly #goneSince = new Map<string, number>()
  #lookedAtMs = Number.NEGATIVE_INFINITY

  /**
   * Call it every second.
   *
   * @param ordered nodes that orders went to
   * @param nowMs by the monotonic clock
   */
  look(ordered: Iterable<string>, members: readonly Member[], nowMs: number): readonly LostNode[] {
    if (nowMs - this.#lookedAtMs > longestBreakMs) this.#goneSince.clear()
    this.#lookedAtMs = nowMs
    const present = new Set(members.filter(isPresent).map(({ nodeName }) => nodeName))
    for (const nodeName of [...this.#goneSince.keys()]) if (present.has(nodeName)) this.#goneSince.delete(nodeName)
    const lost: LostNode[] = []
    for (const nodeName of new Set(ordered)) {
      if (present.has(nodeName)) continue
      const since = this.#goneSince.get(nodeName) ?? nowMs
      this.#goneSince.set(nodeName, since)
      if (nowMs - since >= lostAfterMs) lost.push({ nodeName, goneForMs: nowMs - since })
    }
    return lost
  }
}

function isPresent({ status }: Member): boolean {
  return status === 'alive' || status === 'leaving'
}
