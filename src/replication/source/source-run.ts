/**
 * One run of the source task: from a handshake with the target to the next failure.
 *
 * Easy to get wrong: copy and stream take turns at transaction boundaries. While the copy reads, nothing is taken from
 * the socket; while the stream has more than the copy can wait for, the copy gets its turn after a second.
 */
import type { BinlogStream } from '../../binlog/dump-options.ts'
import { FileOffset } from '../../binlog/file-offset.ts'
import { compareFilePlaces, formatPosition, type Position } from '../../binlog/position.ts'
import type { RawEvent } from '../../binlog/raw-event.ts'
import type { TransactionPart } from '../../binlog/transaction-part.ts'
import { TransactionReader } from '../../binlog/transaction-reader.ts'
import type { Clock } from '../../core/clock.ts'
import type { LogPlace } from '../../mysql/binlog-place.ts'
import type { CopyRun } from './copy/copy-run.ts'
import type { FrameWriter } from './frame-writer.ts'
import { followed } from './log-reader.ts'
import { closestCommitTime, type SourceClock } from './source-clock.ts'
import type { RunFigures } from './source-progress.ts'
import type { StreamBacklog } from './stream-backlog.ts'
import type { StreamPass } from './stream-pass.ts'

export interface SourceRunParts {
  readonly stream: BinlogStream
  readonly start: Position
  /** Where in this server's log `start` is exactly; null when not known. */
  readonly startPlace: LogPlace | null
  readonly writer: FrameWriter
  readonly pass: StreamPass
  readonly copy: CopyRun | null
  readonly sourceClock: SourceClock
  readonly clock: Clock
  readonly where: string
  readonly backlog: StreamBacklog
  /** The copy's sessions are no longer needed. */
  readonly onCopied: () => void
}

const copyTurnMs = 1_000
const idleTurnMs = 50
const heartbeatMs = 1_000
/**
 * A frame goes out no sooner after the one before it, so that under a steady load several transactions share what each
 * frame costs: a write to disk and a transaction of the target.
 */
const frameGapMs = 3
/** A source that said nothing for longer may be gone: then we don't claim to know that all is sent. */
const aliveMs = 6_000

export class SourceRun {
  readonly #parts: SourceRunParts
  readonly #reader: TransactionReader
  readonly #followed: FileOffset
  #copy: CopyRun | null
  #lastCommit: LogPlace | null = null
  #lastCopyTurnMs = 0
  #lastSentMs = 0
  #bytesSeen = 0
  /** Somebody waits for the copy's end: the first sign after it does not wait for its time. */
  #owesHeartbeat = false
  #pending: Promise<readonly RawEvent[] | null> | null = null
  /** Events have arrived that nobody has taken. */
  #hasArrived = false
  #isCaughtUp = false

  constructor(parts: SourceRunParts) {
    this.#parts = parts
    this.#reader = new TransactionReader(parts.start)
    const { start } = parts
    // By GTID the server tells the file first, and may send the file's beginning again.
    this.#followed = start.kind === 'file' ? new FileOffset(start.file, start.offset) : new FileOffset('', 0)
    this.#copy = parts.copy
  }

  /** For the report. */
  get figures(): RunFigures {
    const { pass, writer, stream, where, backlog } = this.#parts
    return {
      stage: this.#copy === null ? 'incremental' : 'full',
      description: this.#describe(where),
      tables: this.#parts.copy?.tables ?? [],
      position: formatPosition(writer.position),
      transactionsTotal: pass.transactionsTotal,
      ddlTotal: pass.ddlTotal,
      bytesTotal: writer.bytesWritten,
      queuedBytes: writer.queuedBytes + stream.queuedBytes,
      backlogBytes: backlog.bytes,
    }
  }

  /** Everything before it has been passed on, or was before the start. */
  get #place(): LogPlace {
    const { file, offset } = this.#followed
    const { startPlace } = this.#parts
    return startPlace !== null && compareFilePlaces(startPlace, { file, offset }) > 0 ? startPlace : { file, offset }
  }

  /** Runs until something fails or `signal` aborts. */
  async run(signal: AbortSignal): Promise<never> {
    for (;;) {
      signal.throwIfAborted()
      const waitMs = await this.#copyTurn()
      const events = await this.#nextEvents(waitMs)
      if (events !== null) await this.#pass(events)
      else this.#isCaughtUp = true
      if (this.#isDrained) await this.#rest()
    }
  }

  #describe(where: string): string {
    if (this.#copy !== null) return `copies tables of ${where}`
    return this.#isCaughtUp ? `passes changes of ${where} on as they come` : `reads the binary log of ${where}`
  }

  /** @returns how long the stream may be waited for */
  async #copyTurn(): Promise<number> {
    const { clock, pass, writer, onCopied } = this.#parts
    if (this.#copy === null) return heartbeatMs / 4
    if (!pass.isAtBoundary) return heartbeatMs / 4
    if (this.#copy.isDue(this.#place)) await this.#copy.enter()
    this.#lastCopyTurnMs = clock.monotonicMs()
    const done = await this.#copy.step({
      position: writer.position,
      place: this.#place,
      lastCommit: this.#lastCommit,
      isDrained: this.#isDrained,
    })
    if (done === 'nothing-to-copy') return idleTurnMs
    if (done === 'copied-some') return 0
    this.#copy = null
    this.#owesHeartbeat = true
    onCopied()
    return 0
  }

  /** What has arrived, or null when nothing came in time. @throws what the stream throws */
  async #nextEvents(waitMs: number): Promise<readonly RawEvent[] | null> {
    const { stream } = this.#parts
    this.#pending ??= this.#ask(stream)
    const events = await firstWithin(this.#pending, waitMs)
    if (events === 'late') return null
    this.#pending = null
    this.#hasArrived = false
    if (events === null) throw new Error('the stream was closed under the run')
    return events
  }

  #ask(stream: BinlogStream): Promise<readonly RawEvent[] | null> {
    const asked = stream.nextBatch()
    asked.then(
      () => {
        this.#hasArrived = true
      },
      // It may fail while the copy has its turn; the next wait for it tells.
      () => {},
    )
    return asked
  }

  get #isDrained(): boolean {
    return !this.#hasArrived && this.#parts.stream.queuedBytes === 0
  }

  async #pass(events: readonly RawEvent[]): Promise<void> {
    const { pass, clock, sourceClock } = this.#parts
    const readMicros = await sourceClock.micros()
    for (const read of this.#reader.read(followed(events, this.#followed))) {
      const part = endsTransaction(read) ? withCommitTime(read, readMicros) : read
      if (startsTransaction(part) && this.#copy?.isBehind(this.#place) === true) await this.#copy.enter()
      const waiting = pass.pass(part)
      if (waiting !== undefined) await waiting
      if (endsTransaction(part)) this.#lastCommit = { file: part.position.file, offset: part.position.offset }
      if (this.#copy === null || !pass.isAtBoundary) continue
      if (this.#copy.isDue(this.#place)) await this.#copy.enter()
      if (clock.monotonicMs() - this.#lastCopyTurnMs > copyTurnMs) await this.#copyTurn()
    }
  }

  /** Nothing more has arrived: what is collected goes out, and now and then a heartbeat. */
  async #rest(): Promise<void> {
    const { writer, clock, stream, pass, sourceClock } = this.#parts
    while (writer.isBusy) {
      this.#pending ??= this.#ask(stream)
      const arrived = this.#pending.then(
        () => true,
        () => true,
      )
      // What arrives meanwhile goes along; a failure is the next wait's.
      if ((await Promise.race([writer.anyStored(), arrived])) === true) return
    }
    await writer.flush()
    const now = clock.monotonicMs()
    if (writer.bytesWritten !== this.#bytesSeen) {
      this.#bytesSeen = writer.bytesWritten
      this.#lastSentMs = now
      if (!this.#owesHeartbeat) return clock.sleep(frameGapMs)
    }
    const isDue = this.#owesHeartbeat || now - this.#lastSentMs >= heartbeatMs
    if (!isDue || !pass.isAtBoundary || stream.idleMs > aliveMs) return
    const sourceMicros = await sourceClock.micros()
    if (!this.#isDrained) return
    this.#owesHeartbeat = false
    writer.add({ kind: 'heartbeat', sourceMicros })
    await writer.flush()
    this.#lastSentMs = clock.monotonicMs()
    this.#bytesSeen = writer.bytesWritten
  }
}

function startsTransaction({ kind }: TransactionPart): boolean {
  return kind === 'begin' || kind === 'ddl' || kind === 'xa-commit' || kind === 'xa-rollback'
}

type TransactionEnd = Extract<TransactionPart, { readonly committed: unknown }>

function endsTransaction(part: TransactionPart): part is TransactionEnd {
  return 'committed' in part
}

function withCommitTime<Part extends TransactionEnd>(part: Part, readMicros: bigint): Part {
  const committed = closestCommitTime(part.committed, readMicros)
  return committed === part.committed ? part : { ...part, committed }
}

async function firstWithin<Value>(promise: Promise<Value>, waitMs: number): Promise<Value | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), waitMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
