/**
 * Since when the members are what they are, and since when the leader leads, as this node has seen it.
 *
 * Easy to get wrong: what was so before this node looked for the first time has begun at some time before, which is not
 * known; for a living member the start of its agent is the best that can be said.
 */
import type { Member, MemberStatus, Term } from '../../model/member.ts'

interface Seen<Value> {
  readonly value: Value
  /** Null: before this node looked. */
  readonly sinceAt: number | null
}

export class StatusSince {
  readonly #members = new Map<string, Seen<MemberStatus>>()
  #term: Seen<number | null> | null = null

  /** To be called about once a second. */
  note(members: readonly Member[], term: Term | null, nowMs: number): void {
    const isFirst = this.#term === null
    for (const { nodeId, status } of members) {
      if (this.#members.get(nodeId)?.value !== status)
        this.#members.set(nodeId, { value: status, sinceAt: isFirst ? null : nowMs })
    }
    const present = new Set(members.map((member) => member.nodeId))
    for (const nodeId of this.#members.keys()) if (!present.has(nodeId)) this.#members.delete(nodeId)
    const number = term?.number ?? null
    if (this.#term?.value !== number) this.#term = { value: number, sinceAt: isFirst ? null : nowMs }
  }

  /** Epoch ms, or null when it is not known. */
  ofMember({ nodeId, status, startedAt }: Member): number | null {
    const seen = this.#members.get(nodeId)
    const sinceAt = seen?.value === status ? seen.sinceAt : null
    return sinceAt ?? (status === 'alive' ? startedAt : null)
  }

  /** Since when there is this leader, or none. Epoch ms, or null when it is not known. */
  ofTerm(term: Term | null): number | null {
    return this.#term?.value === (term?.number ?? null) ? this.#term.sinceAt : null
  }
}
