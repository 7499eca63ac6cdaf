/**
 * Copies streams as a whole from one NATS to another: messages with their sequences, and consumers with what they have
 * acknowledged; only the number of copies changes. By JetStream's own snapshots, from a server that nobody else uses.
 *
 * Easy to get wrong: messages expire on both sides while this runs, so what must be equal is the end of each stream;
 * its beginning may move forward. And a copy that broke off leaves a stream on the other side that looks like one; it
 * is recognised by comparing, and made again.
 */
import type { ConsumerInfo, StreamConfig, StreamInfo } from '@nats-io/jetstream'
import { UnavailableError } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { StoreTransferError } from './errors.ts'
import { askJetStream } from './jetstream-api.ts'
import { pourSnapshot } from './snapshot-flow.ts'
import { deleteStream, streamInfo } from './stream-setup.ts'

const verifyWithinMs = 15_000
const verifyPauseMs = 100
const attempts = 3
const snapshotTimeoutMs = 30_000

const atOnce = 5

export interface TransferOptions {
  /** Which streams; those in memory are never copied. */
  readonly isWanted: (stream: string) => boolean
  /** Copies that each stream gets on the other side. */
  readonly replicas: number
  readonly signal: AbortSignal
}

export interface TransferredStream {
  readonly name: string
  readonly messages: number
  readonly bytes: number
  readonly consumers: number
}

export interface TransferReport {
  readonly streams: readonly TransferredStream[]
}

/**
 * Copies every wanted stream that the other side has not yet, and compares each; safe to repeat after a failure.
 *
 * @throws UnavailableError when a side stays away; StoreTransferError when a copy is not what it should be; the
 * signal's reason
 */
export async function transferStreams(
  from: Connection,
  to: Connection,
  options: TransferOptions,
): Promise<TransferReport> {
  const { isWanted, signal } = options
  const manager = await from.manager()
  const infos = await from.retry('the streams to copy cannot be listed', () => all(manager.streams.list()), { signal })
  const wanted = infos.filter(({ config }) => config.storage === 'file' && isWanted(config.name))
  return { streams: await transferAll(from, to, wanted.map(({ config }) => config.name).values(), options) }
}

/** Several at once, because each waits for an election of its own. */
async function transferAll(
  from: Connection,
  to: Connection,
  names: IterableIterator<string>,
  options: TransferOptions,
): Promise<readonly TransferredStream[]> {
  const failed = new AbortController()
  const signal = AbortSignal.any([options.signal, failed.signal])
  const streams: TransferredStream[] = []
  const work = async () => {
    try {
      for (const name of names) streams.push(await transferOne(from, to, name, { ...options, signal }))
    } catch (error) {
      failed.abort(error)
      throw error
    }
  }
  const results = await Promise.allSettled(Array.from({ length: atOnce }, work))
  const failure = results.find((result) => result.status === 'rejected')
  if (failure !== undefined) throw failed.signal.reason ?? failure.reason
  return streams
}

async function transferOne(
  from: Connection,
  to: Connection,
  name: string,
  options: TransferOptions,
): Promise<TransferredStream> {
  const { signal, replicas } = options
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      const before = await readSide(from, name)
      if (before === null) throw new StoreTransferError(`stream ${name} is gone while it should be copied`)
      if (!(await isThere(to, before))) {
        await deleteStream(to, name)
        await pour(from, to, name, replicas, signal)
      }
      return await verify(from, to, before, signal)
    } catch (error) {
      if (!(error instanceof UnavailableError) || attempt === attempts) throw error
      from.log.warn({ err: error, stream: name, attempt }, 'copying a stream begins anew')
    }
  }
}

/** A copy that was finished by an earlier run. */
async function isThere(to: Connection, before: Side): Promise<boolean> {
  const there = await readSide(to, before.info.config.name)
  return there !== null && difference(before, there, before) === null
}

async function pour(
  from: Connection,
  to: Connection,
  name: string,
  replicas: number,
  signal: AbortSignal,
): Promise<void> {
  const what = `stream ${name} cannot be copied`
  await pourSnapshot({
    from,
    to,
    what,
    signal,
    begin: async (deliverTo) => {
      const snapshot = await askJetStream<{ config: StreamConfig; state: StreamInfo['state'] }>(
        from,
        what,
        `STREAM.SNAPSHOT.${name}`,
        { deliver_subject: deliverTo, no_consumers: false, jsck: true, chunk_size: 128 * 1024 },
        snapshotTimeoutMs,
      )
      const { placement: _, ...config } = snapshot.config
      const restore = { config: { ...config, num_replicas: replicas }, state: snapshot.state }
      const answer = await askJetStream<{ deliver_subject: string }>(
        to,
        what,
        `STREAM.RESTORE.${name}`,
        restore,
        snapshotTimeoutMs,
      )
      return answer.deliver_subject
    },
  })
}

interface Side {
  readonly info: StreamInfo
  /** Durable ones, by name. */
  readonly consumers: ReadonlyMap<string, ConsumerInfo>
}

async function readSide(connection: Connection, name: string): Promise<Side | null> {
  const info = await streamInfo(connection, name)
  if (info === null) return null
  const manager = await connection.manager()
  const consumers = await connection.retry(`consumers of ${name} cannot be read`, () =>
    all(manager.consumers.list(name)),
  )
  return {
    info,
    consumers: new Map(
      consumers.filter(({ config }) => config.durable_name !== undefined).map((one) => [one.name, one]),
    ),
  }
}

async function verify(from: Connection, to: Connection, before: Side, signal: AbortSignal): Promise<TransferredStream> {
  const { name } = before.info.config
  const deadlineMs = to.clock.monotonicMs() + verifyWithinMs
  for (;;) {
    const there = await readSide(to, name)
    const now = await readSide(from, name)
    if (now === null) throw new StoreTransferError(`stream ${name} is gone while it should be copied`)
    const fault = there === null ? 'it is not there' : difference(before, there, now)
    if (fault === null && there !== null) {
      const { messages, bytes } = there.info.state
      return { name, messages, bytes, consumers: there.consumers.size }
    }
    if (to.clock.monotonicMs() > deadlineMs)
      throw new StoreTransferError(`the copy of stream ${name} is not what it should be: ${fault}`)
    await to.clock.sleep(verifyPauseMs, signal)
  }
}

/** What tells a copy from the original as it was before and is now; null when nothing does. */
function difference(before: Side, there: Side, now: Side): string | null {
  const [was, is, copy] = [before.info.state, now.info.state, there.info.state]
  if (copy.last_seq !== was.last_seq || is.last_seq !== was.last_seq)
    return `its last sequence is ${copy.last_seq}, not ${is.last_seq}`
  // A stream that never had a message begins at 0 or at 1.
  const [wasFirst, isFirst, copyFirst] = [was, is, copy].map(({ first_seq }) => Math.max(1, first_seq)) as [
    number,
    number,
    number,
  ]
  if (copyFirst < wasFirst || copyFirst > Math.max(isFirst, wasFirst))
    return `its first sequence is ${copy.first_seq}, not ${is.first_seq}`
  if (copy.messages > was.messages || copy.messages < is.messages)
    return `it has ${copy.messages} messages, not ${is.messages}`
  if (copy.messages === is.messages && copy.bytes !== is.bytes) return `it has ${copy.bytes} bytes, not ${is.bytes}`
  for (const [name, consumer] of now.consumers) {
    const fault = consumerDifference(consumer, there.consumers.get(name))
    if (fault !== null) return `consumer ${name} ${fault}`
  }
  return null
}

function consumerDifference(original: ConsumerInfo, copy: ConsumerInfo | undefined): string | null {
  if (copy === undefined) return 'is missing'
  const facts = ({ delivered, ack_floor, num_ack_pending }: ConsumerInfo) =>
    `delivered ${delivered.stream_seq}, acknowledged ${ack_floor.stream_seq}, unanswered ${num_ack_pending}`
  return facts(original) === facts(copy) ? null : `has ${facts(copy)} instead of ${facts(original)}`
}

async function all<Item>(lister: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of lister) items.push(item)
  return items
}
