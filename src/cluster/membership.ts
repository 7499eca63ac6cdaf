/**
 * Who belongs to the cluster, as this node sees it: its own heartbeat, and everybody else's.
 *
 * Easy to get wrong: no time that another node wrote decides anything. A node is failed when this node, by its own
 * monotonic clock, has heard no new heartbeat of it for `failAfterMs` while it could hear others.
 */
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { ClusterView, Member, MemberStatus } from '../model/member.ts'
import { memberStatus } from './member-status.ts'
import { claimName } from './name-claim.ts'
import type { Heartbeat, HeartbeatStore, NameClaims } from './ports.ts'

const retryWatchMs = 500
const forgetAfterMs = 24 * 3_600_000

export interface MembershipOptions {
  readonly self: Member
  readonly heartbeats: HeartbeatStore
  readonly names: NameClaims
  /** Who leads, as the lease shows it. */
  readonly leaderName: () => string | null
  readonly clock: Clock
  readonly log: Log
  /** By default 1 s. */
  readonly beatEveryMs?: number
  /** By default 4 s: a dead node is known as failed within 5 s. */
  readonly failAfterMs?: number
}

interface Seen {
  readonly member: Member
  readonly revision: number
  readonly seenAtMs: number
}

/**
 * Joins the cluster under this node's name.
 *
 * @throws NodeNameTakenError when another live node has it; UnavailableError
 */
export async function joinCluster(options: MembershipOptions): Promise<Membership> {
  const membership = new Membership(options)
  try {
    await membership.join()
    return membership
  } catch (error) {
    await membership.close()
    throw error
  }
}

export class Membership implements ClusterView {
  readonly #options: Required<MembershipOptions>
  readonly #closing = new AbortController()
  readonly #seen = new Map<string, Seen>()
  readonly #loops: Promise<void>[] = []
  #status: MemberStatus = 'alive'
  #beat = 0
  /** When our own heartbeat was stored last, and since when that has gone on without a break. */
  #stored: { readonly lastMs: number; readonly sinceMs: number } | null = null

  constructor(options: MembershipOptions) {
    this.#options = { beatEveryMs: 1_000, failAfterMs: 4_000, ...options }
  }

  get self(): Member {
    return { ...this.#options.self, status: this.#status }
  }

  /** Sorted by name. Of nodes that had one name after each other only the present one. */
  members(): readonly Member[] {
    const { self } = this
    const others = [...this.#seen.values()]
      .filter(({ member }) => member.nodeId !== self.nodeId)
      .map((seen) => ({ ...seen.member, status: this.#statusOf(seen) }))
    const all = [self, ...others]
    const present = new Set(all.filter(isPresent).map((member) => member.nodeName))
    return all
      .filter((member) => isPresent(member) || !present.has(member.nodeName))
      .toSorted((a, b) => (a.nodeName < b.nodeName ? -1 : 1))
  }

  leader(): Member | null {
    const name = this.#options.leaderName()
    return name === null ? null : (this.members().find((member) => member.nodeName === name) ?? null)
  }

  /** See `joinCluster`. */
  async join(): Promise<void> {
    const { self, names, clock, failAfterMs } = this.#options
    const firstView = Promise.withResolvers<void>()
    this.#loops.push(this.#watch(firstView.resolve))
    await Promise.race([firstView.promise, this.#whenClosed()])
    await claimName({ self, names, clock, failAfterMs, lookUp: (nodeId) => this.#seen.get(nodeId) ?? null })
    await this.#sendBeat()
    this.#loops.push(this.#keepBeating())
  }

  /** This node finishes its work and takes no more. */
  async markLeaving(): Promise<void> {
    this.#status = 'leaving'
    await this.#sendBeat()
  }

  /** The last thing that a node says. */
  async markLeft(): Promise<void> {
    this.#status = 'left'
    await this.#sendBeat()
  }

  /** Stops without a word: the others see a failure, unless `markLeft` was called before. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'))
    await Promise.all(this.#loops)
  }

  #statusOf({ member, seenAtMs }: Seen): MemberStatus {
    const { clock, failAfterMs } = this.#options
    const nowMs = clock.monotonicMs()
    const storeHeardSinceMs = this.#isStoreHeard(nowMs) ? (this.#stored?.sinceMs ?? null) : null
    return memberStatus({ said: member.status, seenAtMs, storeHeardSinceMs, nowMs, failAfterMs })
  }

  async #sendBeat(): Promise<void> {
    this.#beat += 1
    const { heartbeats, clock } = this.#options
    await heartbeats.put(this.self.nodeId, { member: this.self, beat: this.#beat })
    const lastMs = clock.monotonicMs()
    const sinceMs = this.#isStoreHeard(lastMs) ? (this.#stored?.sinceMs ?? lastMs) : lastMs
    this.#stored = { lastMs, sinceMs }
  }

  #isStoreHeard(nowMs: number): boolean {
    return this.#stored !== null && nowMs - this.#stored.lastMs <= 2 * this.#options.beatEveryMs
  }

  async #keepBeating(): Promise<void> {
    const { clock, log, beatEveryMs } = this.#options
    const { signal } = this.#closing
    while (!signal.aborted) {
      await clock.sleep(beatEveryMs, signal).catch(() => {})
      if (signal.aborted || this.#status === 'left') return
      await this.#sendBeat().catch((err: unknown) => log.debug({ err }, 'heartbeat not stored'))
      await this.#forgetTheGone().catch((err: unknown) => log.debug({ err }, 'old members not forgotten yet'))
    }
  }

  async #watch(isComplete: () => void): Promise<void> {
    const { heartbeats, clock, log } = this.#options
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        for await (const change of heartbeats.watch(signal)) {
          if (change.kind === 'ready') isComplete()
          else if (change.kind === 'put') this.#hear(change.value, change.revision)
        }
      } catch (err) {
        log.warn({ err }, 'watching members failed, trying again')
        await clock.sleep(retryWatchMs, signal).catch(() => {})
      }
    }
  }

  /** A heartbeat that goes missing from the store is silence, not departure: its server may have forgotten all. */
  #hear({ member }: Heartbeat, revision: number): void {
    const before = this.#seen.get(member.nodeId)
    this.#seen.set(member.nodeId, { member, revision, seenAtMs: this.#options.clock.monotonicMs() })
    if (before === undefined || before.member.status !== member.status)
      this.#options.log.info({ member: member.nodeName, status: member.status }, 'member changed')
  }

  async #forgetTheGone(): Promise<void> {
    const { clock, heartbeats, self } = this.#options
    for (const [nodeId, seen] of this.#seen) {
      const isGone = !isPresent({ ...seen.member, status: this.#statusOf(seen) })
      if (nodeId === self.nodeId || !isGone || clock.monotonicMs() - seen.seenAtMs < forgetAfterMs) continue
      this.#seen.delete(nodeId)
      await heartbeats.delete(nodeId)
    }
  }

  #whenClosed(): Promise<never> {
    const { signal } = this.#closing
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
}

function isPresent(member: Member): boolean {
  return member.status === 'alive' || member.status === 'leaving'
}
