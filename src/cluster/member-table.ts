/**
 * What is known of the other nodes: from their heartbeats, and for the silent ones from what was written down.
 *
 * Easy to get wrong: no time that another node wrote decides anything, nor does the order of start times: the newest
 * process of a node is the one that is heard.
 */
import type { Member, MemberStatus, NodeLoad } from '../model/member.ts'
import { Hearing } from './hearing.ts'
import { memberStatus } from './member-status.ts'
import type { Heartbeat, MemberRecord } from './ports.ts'

/** Of a wall clock, what came late tells too little: the largest of so many is the truest. */
const wallSamples = 4
const ranks: Readonly<Record<MemberStatus, number>> = { alive: 0, leaving: 1, left: 2, failed: 0 }

export interface KnownMember {
  readonly member: Member
  readonly instance: string
  /** How many heartbeats were heard; 0 for one that is only written down. */
  readonly heardCount: number
  readonly load: NodeLoad
  readonly clockOffsetMs: number
  /** In the time of `Hearing`. */
  readonly seenAtHeardMs: number
  readonly seenAtMs: number
  /** Wall clock minus our monotonic clock, newest first. */
  readonly walls: readonly number[]
}

const idle: NodeLoad = { running: 0, tasks: 0 }

export interface MemberTableOptions {
  readonly failAfterMs: number
  readonly beatEveryMs: number
  readonly nowMs: number
}

export class MemberTable {
  readonly #options: MemberTableOptions
  readonly #hearing: Hearing
  readonly #known = new Map<string, KnownMember>()

  constructor(options: MemberTableOptions) {
    this.#options = options
    this.#hearing = new Hearing(2 * options.beatEveryMs, options.nowMs)
  }

  get(nodeId: string): KnownMember | null {
    return this.#known.get(nodeId) ?? null
  }

  all(): readonly KnownMember[] {
    return [...this.#known.values()]
  }

  forget(nodeId: string): void {
    this.#known.delete(nodeId)
  }

  /** Our own heartbeat came back. After a while in which none did, whoever had not failed gets its whole time again. */
  noteEcho(nowMs: number): void {
    const wasDeaf = this.#hearing.noteEcho(nowMs)
    if (!wasDeaf) return
    const seenAtHeardMs = this.#hearing.heardMs(nowMs)
    for (const [nodeId, known] of this.#known) {
      const hasFailed = seenAtHeardMs - known.seenAtHeardMs > this.#options.failAfterMs
      if (!hasFailed) this.#known.set(nodeId, { ...known, seenAtHeardMs })
    }
  }

  isDeaf(nowMs: number): boolean {
    return this.#hearing.deafMs(nowMs) > this.#options.failAfterMs
  }

  hear({ member, instance, load, at, clockOffsetMs }: Heartbeat, nowMs: number): void {
    const before = this.#known.get(member.nodeId)
    const isSame = before?.instance === instance
    // What was under way when it left is no sign of life.
    if (isSame && before.member.status === 'left') return
    this.#known.set(member.nodeId, {
      member,
      instance,
      heardCount: (before?.heardCount ?? 0) + 1,
      load: load ?? idle,
      clockOffsetMs,
      seenAtHeardMs: this.#hearing.heardMs(nowMs),
      seenAtMs: nowMs,
      walls: [at + clockOffsetMs - nowMs, ...(isSame ? before.walls : [])].slice(0, wallSamples),
    })
  }

  /** What was written down counts for those who are not heard, and for what was missed of those who are. */
  learn({ member, instance }: MemberRecord, nowMs: number): void {
    const before = this.#known.get(member.nodeId)
    if (before?.instance === instance) {
      if (ranks[member.status] > ranks[before.member.status]) {
        const { status, leavesForGood = false } = member
        const changes = leavesForGood ? { status, leavesForGood } : { status }
        this.#known.set(member.nodeId, { ...before, member: { ...before.member, ...changes } })
      }
      return
    }
    if (before !== undefined && before.heardCount > 0 && this.status(before, nowMs) !== 'failed') {
      if (before.member.status !== 'left') return
    }
    const { failAfterMs, beatEveryMs } = this.#options
    this.#known.set(member.nodeId, {
      member,
      instance,
      heardCount: before?.heardCount ?? 0,
      load: idle,
      clockOffsetMs: 0,
      // Whoever lives is heard within two beats.
      seenAtHeardMs: this.#hearing.heardMs(nowMs) - failAfterMs + 2 * beatEveryMs,
      seenAtMs: nowMs,
      walls: [],
    })
  }

  status({ member, seenAtHeardMs }: KnownMember, nowMs: number): MemberStatus {
    const silentMs = this.#hearing.heardMs(nowMs) - seenAtHeardMs
    const deafMs = this.#hearing.deafMs(nowMs)
    return memberStatus({ said: member.status, silentMs, deafMs, failAfterMs: this.#options.failAfterMs })
  }
}

/** The truest of what a node's heartbeats said of its wall clock, minus our monotonic clock; null when none was heard. */
export function wallOf({ walls }: KnownMember): number | null {
  return walls.length === 0 ? null : Math.max(...walls)
}
