/**
 * Follows what an execution writes, on whatever node it runs, to its end.
 *
 * Easy to get wrong: the node keeps only the end of an output. A command that writes faster than somebody reads leaves gaps,
 * and nothing waits for the reader: neither the command nor memory. What is told is pulled, piece by piece.
 */
import { TextDecoder } from 'node:util'
import type { Clock } from '../../../core/clock.ts'
import { MillraceError, NotFoundError } from '../../../core/errors.ts'
import type { Execution } from '../../../model/execution.ts'

export type OutputPart =
  /** `offset` is greater than was asked for when what was before is not kept any more. */
  | { readonly kind: 'part'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'pending' }
  | { readonly kind: 'none' }

export type FollowedOutput =
  /** `offset` counts the bytes of all texts before, and of what was left out between them. */
  | { readonly kind: 'output'; readonly offset: number; readonly text: string }
  /** Nothing has come for a while. */
  | { readonly kind: 'quiet' }
  /** Nothing follows; null with the reason when it is not known how the execution ended. */
  | { readonly kind: 'end'; readonly execution: Execution | null; readonly reason: string }

export interface OutputSource {
  /** @throws when the node does not answer */
  read(nodeName: string, question: OutputQuestion): Promise<OutputPart>
  /** The record of the execution, once it has ended. @throws UnavailableError */
  recorded(jobName: string, id: string): Promise<Execution | null>
  readonly clock: Clock
}

export interface ExecutionName {
  readonly jobName: string
  readonly id: string
}

export interface OutputQuestion extends ExecutionName {
  readonly fromOffset: number
  readonly limitBytes: number
}

const pieceBytes = 65_536
/** After a full piece there is more: so much each time, at most. */
const busyPauseMs = 100
const idlePauseMs = 250
const quietAfterMs = 15_000
const recordWithinMs = 5_000
const unseenWithinMs = 500
/** Of a whole output, 8 MiB at most. */
const wholePieceBytes = 262_144
const mostPieces = 40
const silentNodeMs = 30_000

/** The node that an execution runs on, by its id; null for a fire that no node was chosen for, or what is no id. */
export function nodeOfExecution(id: string): string | null {
  return /^\d+-\d+-(.+)$/s.exec(id)?.[1] ?? null
}

/**
 * @returns what it wrote and writes, then its end
 * @throws NotFoundError before anything is told, when there is no such execution
 */
export async function* followOutput(
  source: OutputSource,
  execution: ExecutionName,
  signal: AbortSignal,
): AsyncGenerator<FollowedOutput, void> {
  const teller = new OutputTeller()
  const nodeName = nodeOfExecution(execution.id)
  const { wasSeen, reason } =
    nodeName === null ? unseen : yield* followRunning(source, { ...execution, nodeName }, teller, signal)
  if (signal.aborted) return
  const record = await awaitRecord(source, execution, wasSeen, signal)
  if (record === null && !wasSeen) throw noSuchExecution(execution)
  if (record !== null) yield* teller.rest(record)
  yield { kind: 'end', execution: record, reason: record === null ? reason || 'its end has not been recorded' : '' }
}

/** @returns what is kept of its output now, running or not @throws NotFoundError, and what asking its node throws */
export async function outputNow(source: OutputSource, execution: ExecutionName): Promise<Uint8Array> {
  const nodeName = nodeOfExecution(execution.id)
  const running = nodeName === null ? null : await runningOutput(source, { ...execution, nodeName })
  if (running instanceof Uint8Array) return running
  const record = await awaitRecord(source, execution, running === 'pending', new AbortController().signal)
  if (record !== null) return Buffer.from(record.output)
  if (running === 'pending') return Buffer.alloc(0)
  throw running ?? noSuchExecution(execution)
}

const unseen = { wasSeen: false, reason: '' }

/** @returns whether its node knew it, and why it cannot be followed any more, if it runs on */
async function* followRunning(
  source: OutputSource,
  { jobName, id, nodeName }: ExecutionName & { readonly nodeName: string },
  teller: OutputTeller,
  signal: AbortSignal,
): AsyncGenerator<FollowedOutput, typeof unseen> {
  const { clock } = source
  let wasSeen = false
  let heardAtMs = clock.monotonicMs()
  let toldAtMs = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    const question = { jobName, id, fromOffset: teller.place, limitBytes: pieceBytes }
    const part = await source.read(nodeName, question).catch(asError)
    const nowMs = clock.monotonicMs()
    if (part instanceof Error) {
      // Nodes that are gone are recorded as such after a while.
      const isOver = nowMs - heardAtMs > silentNodeMs || (await source.recorded(jobName, id).catch(() => null)) !== null
      if (isOver)
        return { wasSeen: true, reason: part instanceof MillraceError ? part.message : 'an error inside the agent' }
    } else {
      heardAtMs = nowMs
      if (part.kind === 'none') return { wasSeen, reason: '' }
      wasSeen = true
    }
    const told = !(part instanceof Error) && part.kind === 'part' ? teller.tell(part.offset, part.bytes) : null
    const isQuiet = told === null && nowMs - toldAtMs > quietAfterMs && (wasSeen || nowMs - heardAtMs > quietAfterMs)
    if (told !== null || isQuiet) {
      toldAtMs = nowMs
      yield told ?? { kind: 'quiet' }
    }
    await clock.sleep(told === null ? idlePauseMs : busyPauseMs, signal).catch(() => {})
  }
  return { wasSeen, reason: '' }
}

/** @returns 'pending' while it waits, or its end is not recorded yet; an error when its node does not answer */
async function runningOutput(
  source: OutputSource,
  { jobName, id, nodeName }: ExecutionName & { readonly nodeName: string },
): Promise<Uint8Array | 'pending' | Error | null> {
  const parts: Uint8Array[] = []
  let fromOffset = 0
  for (let isMore = true; isMore; ) {
    const question = { jobName, id, fromOffset, limitBytes: wholePieceBytes }
    const part = await source.read(nodeName, question).catch(asError)
    if (part instanceof Error) return part
    // What has just ended is in its record with all it wrote.
    if (part.kind !== 'part') return part.kind === 'pending' || parts.length > 0 ? 'pending' : null
    parts.push(part.bytes)
    fromOffset = part.offset + part.bytes.length
    isMore = part.bytes.length === wholePieceBytes && parts.length < mostPieces
  }
  return Buffer.concat(parts)
}

/** A record is there before the node forgets the execution, but perhaps not yet on the server that is asked. */
async function awaitRecord(
  source: OutputSource,
  { jobName, id }: ExecutionName,
  wasSeen: boolean,
  signal: AbortSignal,
): Promise<Execution | null> {
  const { clock } = source
  const endAtMs = clock.monotonicMs() + (wasSeen ? recordWithinMs : unseenWithinMs)
  for (;;) {
    const record = await source.recorded(jobName, id)
    if (record !== null || signal.aborted || clock.monotonicMs() >= endAtMs) return record
    await clock.sleep(idlePauseMs, signal).catch(() => {})
  }
}

function noSuchExecution({ jobName, id }: ExecutionName): NotFoundError {
  return new NotFoundError(`there is no execution ${JSON.stringify(id.slice(0, 200))} of job "${jobName}"`)
}

/** Makes text of bytes that come in pieces, and knows how far it has come. */
class OutputTeller {
  #decoder = newDecoder()
  /** In the command's own bytes. */
  place = 0
  #textBytes = 0

  /** @returns null when the bytes make no whole character yet */
  tell(offset: number, bytes: Uint8Array, isLast = false): FollowedOutput | null {
    const gap = offset - this.place
    if (gap > 0) {
      this.#decoder = newDecoder()
      this.#textBytes += gap
    }
    const text = this.#decoder.decode(gap > 0 ? withoutContinuation(bytes) : bytes, { stream: !isLast })
    this.place = offset + bytes.length
    if (text === '') return null
    const at = this.#textBytes
    this.#textBytes += Buffer.byteLength(text)
    return { kind: 'output', offset: at, text }
  }

  /** What the record has beyond what was told. */
  *rest({ output, outputBytes }: Execution): Generator<FollowedOutput, void> {
    const bytes = Buffer.from(output)
    const from = Math.max(this.place, outputBytes - bytes.length)
    const last = bytes.subarray(Math.max(0, bytes.length - (outputBytes - from)))
    for (let start = 0; start < last.length; start += pieceBytes) {
      const piece = last.subarray(start, start + pieceBytes)
      const told = this.tell(from + start, piece, start + pieceBytes >= last.length)
      if (told !== null) yield told
    }
  }
}

function newDecoder(): TextDecoder {
  return new TextDecoder('utf-8', { ignoreBOM: true })
}

/** The bytes that belong to a character whose beginning is not here: at most three. */
function withoutContinuation(bytes: Uint8Array): Uint8Array {
  let count = 0
  while (count < 3 && ((bytes[count] ?? 0) & 0xc0) === 0x80) count += 1
  return bytes.subarray(count)
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
