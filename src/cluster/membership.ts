/**
 * Who belongs to the cluster, as this node sees it: its own heartbeat, and everybody else's.
 *
 * Easy to get wrong: heartbeats go by core NATS, so they stop for no election of JetStream; what must outlive silence
 * (joined, leaving, left) is written down beside them, as soon as that is possible.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { ClusterView, Member, MemberStatus, NodeLoad } from '../model/member.ts'
import type { NodeNameTakenError } from './errors.ts'
import { type KnownMember, MemberTable, wallOf } from './member-table.ts'
import { claimName } from './name-claim.ts'
import { OwnName } from './own-name.ts'
import type { BeatChannel, Heartbeat, MemberRecords, NameClaims } from './ports.ts'

const retryWatchMs = 500
const forgetAfterMs = 24 * 3_600_000
/** However many new nodes ask at once. */
const answerPauseMs = 200
const lastWordMs = 1_000
const copyWarningMs = 60_000

export interface MembershipOptions {
  readonly self: Member
  readonly beats: BeatChannel
  readonly records: MemberRecords
  readonly names: NameClaims
  /** Who leads, as the lease shows it. */
  readonly leaderName: () => string | null
  /** What this node has to do now. */
  readonly load?: () => NodeLoad
  /** This machine's clocks. */
  readonly clock: Clock
  /** The time that this node keeps, and the wall clock's distance from it: heartbeats tell them. */
  readonly time?: { now(): number; readonly wallOffsetMs: number }
  readonly log: Log
  /** By default 1 s. */
  readonly beatEveryMs?: number
  /** By default 4 s: a dead node is known as failed within 5 s. */
  readonly failAfterMs?: number
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
  readonly #instance = randomUUID()
  readonly #closing = new AbortController()
  readonly #table: MemberTable
  readonly #name: OwnName
  readonly #told = new Map<string, MemberStatus>()
  readonly #loops: Promise<void>[] = []
  #status: MemberStatus = 'alive'
  #leavesForGood = false
  #beat = 0
  #sentAtMs = Number.NEGATIVE_INFINITY
  /** What is written down of this node, as JSON; empty when that is not known. */
  #recorded = ''
  #isJoined = false
  #answering: Promise<void> | null = null
  #recording: Promise<void> | null = null
  #warnedOfCopyAtMs = Number.NEGATIVE_INFINITY

  constructor(options: MembershipOptions) {
    const { self, names, clock, log } = options
    const time = { now: () => clock.now(), wallOffsetMs: 0 }
    this.#options = { beatEveryMs: 1_000, failAfterMs: 4_000, load: () => ({ running: 0, tasks: 0 }), time, ...options }
    const { beatEveryMs, failAfterMs } = this.#options
    this.#table = new MemberTable({ beatEveryMs, failAfterMs, nowMs: clock.monotonicMs() })
    const addressOf = (nodeId: string) => this.#table.get(nodeId)?.member.address ?? null
    this.#name = new OwnName({ self, names, addressOf, clock, log, signal: this.#closing.signal })
  }

  get self(): Member {
    const self = { ...this.#options.self, status: this.#status }
    return this.#leavesForGood ? { ...self, leavesForGood: true } : self
  }

  /** Sorted by name. Of nodes that had one name after each other only the present one. */
  members(): readonly Member[] {
    const nowMs = this.#options.clock.monotonicMs()
    const others = this.#others().map((known) => ({ ...known.member, status: this.#table.status(known, nowMs) }))
    const all = [this.self, ...others]
    const present = new Set(all.filter(isPresent).map((member) => member.nodeName))
    return all
      .filter((member) => isPresent(member) || !present.has(member.nodeName))
      .toSorted((a, b) => (a.nodeName < b.nodeName ? -1 : 1))
  }

  leader(): Member | null {
    const name = this.#options.leaderName()
    return name === null ? null : (this.members().find((member) => member.nodeName === name) ?? null)
  }

  /** How busy a node said it is; nothing for one that is not known. */
  loadOf(nodeName: string): NodeLoad {
    if (nodeName === this.#options.self.nodeName) return this.#options.load()
    return this.#named(nodeName)?.load ?? { running: 0, tasks: 0 }
  }

  /** The wall clock of a node's machine minus the time that the node keeps, in milliseconds; null when not known. */
  clockOffsetOf(nodeName: string): number | null {
    if (nodeName === this.#options.self.nodeName) return this.#options.time.wallOffsetMs
    const known = this.#named(nodeName)
    return known === null || known.walls.length === 0 ? null : known.clockOffsetMs
  }

  /** Of every other living member its wall clock minus our monotonic clock, in milliseconds. */
  peerWalls(): readonly number[] {
    return this.#living().flatMap((known) => wallOf(known) ?? [])
  }

  /** Others are known that may be alive, heard or not. */
  expectsPeers(): boolean {
    return this.#living().length > 0
  }

  /** False while this node has not even heard itself for so long that it cannot tell who is there. */
  hears(): boolean {
    return !this.#table.isDeaf(this.#options.clock.monotonicMs())
  }

  /** Resolves when another node has this one's name, which it claimed while this one was not heard: this one must end. */
  get nameLost(): Promise<NodeNameTakenError> {
    return this.#name.lost
  }

  /** Waits while it is in doubt whether the name is still this node's. @throws NodeNameTakenError when it is not */
  confirmName(): Promise<void> {
    return this.#name.confirm()
  }

  /** See `joinCluster`. */
  async join(): Promise<void> {
    const { beats, names, clock, failAfterMs } = this.#options
    const firstView = Promise.withResolvers<void>()
    beats.listen((beat) => this.#hear(beat), this.#closing.signal)
    this.#loops.push(this.#watch(firstView.resolve))
    await Promise.race([firstView.promise, this.#whenClosed()])
    const lookUp = (nodeId: string) => this.#table.get(nodeId)
    this.#name.hold(await claimName({ self: this.self, names, clock, failAfterMs, lookUp }))
    this.#isJoined = true
    this.#sendBeat(true)
    // Who was away for a while and comes back wants to know at once who is there.
    beats.onReturn(() => this.#return(), this.#closing.signal)
    await this.#record()
    this.#loops.push(this.#keepBeating())
  }

  /**
   * This node finishes its work and takes no more. Never throws: whoever cannot be told will see a failure.
   *
   * @param isForGood it does not come back
   */
  async markLeaving(isForGood = false): Promise<void> {
    this.#leavesForGood = isForGood
    await this.#tell('leaving')
  }

  /** The last thing that a node says. Never throws. */
  async markLeft(): Promise<void> {
    await this.#tell('left')
  }

  /** Stops without a word: the others see a failure, unless `markLeft` was called before. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'))
    await Promise.all(this.#loops)
  }

  async #tell(status: MemberStatus): Promise<void> {
    const { beats, clock } = this.#options
    this.#status = status
    this.#sendBeat(false)
    const told = Promise.allSettled([beats.flush(), this.#record()])
    await Promise.race([told, clock.sleep(lastWordMs)])
  }

  #return(): void {
    if (this.#status === 'left') return
    this.#doubtName()
    this.#sendBeat(true)
  }

  /** Nobody may claim it sooner than after so long a silence. */
  #doubtName(): void {
    if (!this.hears()) this.#name.look()
  }

  #sendBeat(asks: boolean): void {
    const { beats, clock, load, time, log } = this.#options
    this.#beat += 1
    const beat: Heartbeat = {
      member: this.self,
      instance: this.#instance,
      beat: this.#beat,
      load: load(),
      at: time.now(),
      clockOffsetMs: time.wallOffsetMs,
      asks,
    }
    try {
      beats.send(beat)
      this.#sentAtMs = clock.monotonicMs()
    } catch (err) {
      log.debug({ err }, 'heartbeat not sent')
    }
  }

  async #record(): Promise<void> {
    const { records, log } = this.#options
    const record = { member: this.self, instance: this.#instance }
    const text = JSON.stringify(record)
    if (text === this.#recorded) return
    this.#recorded = text
    try {
      await records.put(record.member.nodeId, record)
    } catch (err) {
      this.#recorded = ''
      log.debug({ err }, 'member record not written yet')
    }
  }

  async #keepBeating(): Promise<void> {
    const { clock, log, beatEveryMs } = this.#options
    const { signal } = this.#closing
    while (!signal.aborted) {
      await clock.sleep(beatEveryMs, signal).catch(() => {})
      if (signal.aborted || this.#status === 'left') return
      this.#sendBeat(false)
      this.#tellChanges()
      // Beside the beating: it waits for JetStream.
      this.#recording ??= this.#keepRecords()
        .catch((err: unknown) => log.debug({ err }, 'old members not forgotten yet'))
        .finally(() => {
          this.#recording = null
        })
    }
  }

  async #keepRecords(): Promise<void> {
    await this.#record()
    await this.#forgetTheGone()
  }

  async #watch(isComplete: () => void): Promise<void> {
    const { records, clock, log } = this.#options
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        for await (const change of records.watch(signal)) {
          if (change.kind === 'ready') isComplete()
          else if (change.kind === 'put') this.#learn(change.value.member, change.value.instance)
          else this.#unlearn(change.key)
        }
      } catch (err) {
        log.warn({ err }, 'watching members failed, trying again')
        await clock.sleep(retryWatchMs, signal).catch(() => {})
      }
    }
  }

  #learn(member: Member, instance: string): void {
    if (member.nodeId !== this.#options.self.nodeId)
      this.#table.learn({ member, instance }, this.#options.clock.monotonicMs())
    // What an earlier process of ours left may come after what we wrote ourselves.
    else if (this.#isJoined && instance !== this.#instance) this.#recorded = ''
  }

  #unlearn(nodeId: string): void {
    if (nodeId === this.#options.self.nodeId) this.#recorded = ''
    else if (!this.#living().some(({ member }) => member.nodeId === nodeId)) this.#table.forget(nodeId)
  }

  #hear(beat: Heartbeat): void {
    // Whatever else is said on this subject of a NATS that others use too.
    if (typeof beat.member?.nodeId !== 'string' || typeof beat.at !== 'number') return
    const nowMs = this.#options.clock.monotonicMs()
    if (beat.instance === this.#instance) {
      this.#doubtName()
      this.#table.noteEcho(nowMs)
      return
    }
    if (beat.member.nodeId === this.#options.self.nodeId) {
      this.#hearOurself(beat.member, nowMs)
      return
    }
    if (beat.member.nodeName === this.#options.self.nodeName) this.#hearNamesake(beat.member)
    this.#table.hear(beat, nowMs)
    this.#tellChange(beat.member.nodeId)
    if (beat.asks && this.#isJoined) this.#answer(nowMs)
  }

  /** One answer for all that ask within a moment. */
  #answer(nowMs: number): void {
    if (this.#answering !== null) return
    const { clock } = this.#options
    const pause = clock.sleep(this.#sentAtMs + answerPauseMs - nowMs, this.#closing.signal)
    this.#answering = pause.then(
      () => {
        this.#answering = null
        if (this.#status !== 'left') this.#sendBeat(false)
      },
      () => {},
    )
  }

  /** One data directory serves one agent; a copy of it, elsewhere, has the same node id. */
  #hearOurself({ status, address }: Member, nowMs: number): void {
    if (!this.#isJoined || status === 'left' || nowMs - this.#warnedOfCopyAtMs < copyWarningMs) return
    this.#warnedOfCopyAtMs = nowMs
    this.#options.log.error({ address }, 'another agent runs with a copy of this data directory, stop it')
  }

  #hearNamesake({ status }: Member): void {
    if (this.#isJoined && this.#status !== 'left' && status !== 'left') this.#name.look()
  }

  #tellChanges(): void {
    for (const { member } of this.#table.all()) this.#tellChange(member.nodeId)
  }

  #tellChange(nodeId: string): void {
    const known = this.#table.get(nodeId)
    if (known === null) return
    const status = this.#table.status(known, this.#options.clock.monotonicMs())
    if (this.#told.get(nodeId) === status) return
    this.#told.set(nodeId, status)
    this.#options.log.info({ member: known.member.nodeName, status }, 'member changed')
  }

  async #forgetTheGone(): Promise<void> {
    const { clock, records } = this.#options
    const nowMs = clock.monotonicMs()
    if (this.#table.isDeaf(nowMs)) return
    for (const known of this.#others()) {
      const isGone = !isPresent({ status: this.#table.status(known, nowMs) })
      if (!isGone || nowMs - known.seenAtMs < forgetAfterMs) continue
      const { nodeId } = known.member
      this.#table.forget(nodeId)
      this.#told.delete(nodeId)
      await records.delete(nodeId)
    }
  }

  #others(): readonly KnownMember[] {
    return this.#table.all().filter(({ member }) => member.nodeId !== this.#options.self.nodeId)
  }

  #living(): readonly KnownMember[] {
    const nowMs = this.#options.clock.monotonicMs()
    return this.#others().filter((known) => isPresent({ status: this.#table.status(known, nowMs) }))
  }

  #named(nodeName: string): KnownMember | null {
    return this.#living().find(({ member }) => member.nodeName === nodeName) ?? null
  }

  #whenClosed(): Promise<never> {
    const { signal } = this.#closing
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
}

function isPresent({ status }: Pick<Member, 'status'>): boolean {
  return status === 'alive' || status === 'leaving'
}
