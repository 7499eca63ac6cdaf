/**
 * What JetStream's servers are doing, and the few changes that a cluster needs: other numbers of copies, and servers
 * that leave it for good.
 *
 * Easy to get wrong (all tried on 2.15.1): a server that was removed is never let in again under its name, not even with
 * an empty store; streams regain their copies by themselves when a new one joins. And one server of a former cluster
 * does not start alone: it must begin anew without a cluster, for which every stream must have been gathered on it. And a
 * stream that gets more copies while it is still being left with one may stay without a leader until its servers are
 * started again.
 */
import type { ClusterInfo, StreamConfig, StreamInfo } from '@nats-io/jetstream'
import { MillraceError, NotFoundError, UnavailableError } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { askJetStream, parseAnswer } from './jetstream-api.ts'
import { isNotAMember } from './nats-errors.ts'
import { readServerHealth } from './server-health.ts'

const pollMs = 200
const nanosPerMs = 1_000_000
const stateTimeoutMs = 2_000
const defaultWithinMs = 60_000

export interface PeerState {
  /** The server's name. */
  readonly name: string
  readonly isCurrent: boolean
  readonly isOffline: boolean
  /** Changes that it has still to get. */
  readonly lag: number
  /** Since it was last heard: one that died counts as current for 10 s. Absent for a leader. */
  readonly silentMs?: number
}

export interface StreamState {
  readonly name: string
  readonly storage: 'file' | 'memory'
  /** Copies that it should have. */
  readonly replicas: number
  /** Null while it has none: then it takes and gives nothing. */
  readonly leader: string | null
  /** Where its copies are, the leader's first; empty on a server that is on its own. */
  readonly copies: readonly PeerState[]
  readonly messages: number
  readonly bytes: number
  readonly consumers: number
  /** True when all copies are there, current, and no change is under way. */
  readonly isSettled: boolean
}

export interface JetStreamState {
  readonly metaLeader: string | null
  /** Servers of the meta group, its leader among them; null where that may not be asked, and on a single server. */
  readonly peers: readonly PeerState[] | null
  readonly streams: readonly StreamState[]
}

export interface WaitOptions {
  /** In milliseconds; by default a minute. */
  readonly withinMs?: number
  readonly signal: AbortSignal
  /** Asked before each change; throws when it must not be made any more. */
  readonly beforeChange?: () => void
}

/**
 * Reads the state once.
 *
 * @param system a connection to the system account, where we have one
 * @throws UnavailableError while JetStream does not answer
 */
export async function readJetStreamState(connection: Connection, system: Connection | null): Promise<JetStreamState> {
  const meta = system === null ? null : await readMetaGroup(system)
  const streams = await listStreams(connection, system)
  return { metaLeader: meta?.leader ?? null, peers: meta?.peers ?? null, streams }
}

export interface MetaGroup {
  readonly leader: string
  readonly peers: readonly PeerState[]
}

/** @returns null while there is no leader, and on a server that is on its own */
export async function readMetaGroup(system: Connection): Promise<MetaGroup | null> {
  type Answer = { readonly data?: { readonly meta_cluster?: ClusterInfo } }
  try {
    const request = JSON.stringify({ leader_only: true })
    const answer = await system.call('the NATS servers do not tell their state', async () =>
      // Only the leader answers.
      parseAnswer<Answer>(await system.nats.request('$SYS.REQ.SERVER.PING.JSZ', request, { timeout: stateTimeoutMs })),
    )
    const group = answer.data?.meta_cluster
    if (group?.leader === undefined || group.leader === '') return null
    return { leader: group.leader, peers: peersOf(group) }
  } catch (error) {
    if (error instanceof UnavailableError && system.isConnected) return null
    throw error
  }
}

/** Waits until the meta group has a leader and this many servers, all of them there and current. */
export async function waitForMetaGroup(system: Connection, servers: number, options: WaitOptions): Promise<MetaGroup> {
  return until(system, options, `the NATS cluster has no leader with ${servers} servers yet`, async () => {
    const group = await readMetaGroup(system)
    const healthy = group?.peers.filter(({ isCurrent, isOffline }) => isCurrent && !isOffline) ?? []
    return healthy.length >= servers ? group : null
  })
}

/**
 * Removes a server from the cluster for good, and waits until it is gone; no error when it is not in it.
 *
 * @throws UnavailableError when most of the others are away
 */
export async function removePeer(system: Connection, serverName: string, options: WaitOptions): Promise<void> {
  await until(system, options, `NATS server ${serverName} cannot be removed from the cluster`, async () => {
    const what = `NATS server ${serverName} cannot be removed`
    const before = await readMetaGroup(system)
    options.beforeChange?.()
    // A leader does not remove itself.
    if (before?.leader === serverName) await askJetStream(system, what, 'META.LEADER.STEPDOWN', null, stateTimeoutMs)
    try {
      await askJetStream(system, what, 'SERVER.REMOVE', { peer: serverName }, stateTimeoutMs)
    } catch (error) {
      if (!isNotAMember(error)) throw error
    }
    const group = await readMetaGroup(system)
    return group?.peers.every(({ name }) => name !== serverName) ? true : null
  })
}

/** Gives every stream that is wanted (by default all) this many copies, and waits until they are all there. */
export async function scaleStreams(
  connection: Connection,
  replicas: number,
  options: WaitOptions & { readonly isWanted?: (stream: string) => boolean },
): Promise<void> {
  const isWanted = options.isWanted ?? (() => true)
  const manager = await connection.manager()
  let open: readonly StreamState[] = []
  const what = () => `not every stream has ${replicas} current copies yet: ${open.map(briefly).join(', ')}`
  await until(connection, options, what, async () => {
    const streams = (await listStreams(connection)).filter(({ name }) => isWanted(name))
    for (const { name } of streams.filter((stream) => stream.replicas !== replicas && mayScale(stream)))
      await ifThere(() => {
        options.beforeChange?.()
        return connection.call(`stream ${name} cannot get ${replicas} copies`, () =>
          manager.streams.update(name, { num_replicas: replicas }),
        )
      })
    open = streams.filter((stream) => stream.replicas !== replicas || !stream.isSettled)
    return open.length === 0 ? true : null
  })
}

/** A stream of several copies may wait for a server that is away; one that was left with one copy waits for nobody. */
function mayScale({ leader, replicas, isSettled }: StreamState): boolean {
  return leader !== null && (replicas > 1 || isSettled)
}

/**
 * The server on which all streams can be gathered soonest: where most are alone already, for an earlier gathering began
 * there; then where most copies are current, which those of a server that was started again are not for up to half a minute.
 *
 * @param serverNames to choose from; of equal ones the first
 */
export function bestKeeper(streams: readonly StreamState[], serverNames: readonly string[]): string | null {
  const aloneOn = (name: string) => streams.filter(({ replicas, leader }) => replicas === 1 && leader === name).length
  const currentOn = (name: string) =>
    streams.filter(({ copies }) => copies.some((copy) => copy.name === name && copy.isCurrent && !copy.isOffline))
      .length
  const order = (a: string, b: string) => aloneOn(b) - aloneOn(a) || currentOn(b) - currentOn(a)
  return serverNames.toSorted(order)[0] ?? null
}

/**
 * Leaves every stream with one copy, all of them on one server, so that it can go on alone: it is then to be started
 * again without a cluster, on the same store.
 */
export async function gatherOn(
  connection: Connection,
  system: Connection,
  serverName: string,
  options: WaitOptions,
): Promise<void> {
  let open: readonly StreamState[] = []
  const what = () => `not every stream is on NATS server ${serverName} alone yet: ${open.map(briefly).join(', ')}`
  await until(connection, options, what, async () => {
    const streams = await listStreams(connection, system)
    for (const stream of streams) {
      options.signal.throwIfAborted()
      options.beforeChange?.()
      await gatherOne(connection, stream, serverName)
    }
    const isDone = (stream: StreamState) =>
      stream.replicas === 1 && stream.leader === serverName && stream.copies.length === 1 && stream.isSettled
    open = streams.filter((stream) => !isDone(stream))
    return open.length === 0 ? true : null
  })
}

/** One step towards it; the next round takes the next one. */
async function gatherOne(connection: Connection, stream: StreamState, serverName: string): Promise<void> {
  const { name, leader, copies, replicas, isSettled } = stream
  if (leader === null || (leader === serverName && replicas === 1)) return
  const manager = await connection.manager()
  const what = `stream ${name} cannot be moved to ${serverName}`
  const own = copies.find((copy) => copy.name === serverName)
  await ifThere(async () => {
    if (own === undefined) {
      // A copy elsewhere only: more copies bring one here, one after the other.
      if (isSettled || copies.length === replicas)
        await connection.call(what, () => manager.streams.update(name, { num_replicas: nextOdd(replicas) }))
    } else if (leader === serverName) {
      await connection.call(what, () => manager.streams.update(name, { num_replicas: 1 }))
    } else if (own.isCurrent) {
      await askJetStream(connection, what, `STREAM.LEADER.STEPDOWN.${name}`, { placement: { preferred: serverName } })
    }
  })
}

/**
 * Every stream, also those whose leader does not answer.
 *
 * @param system where given, a copy is called current only if its own server agrees, so that it has the messages too; else
 * as the leaders see it
 * @throws UnavailableError
 */
export async function listStreams(connection: Connection, system: Connection | null = null): Promise<StreamState[]> {
  type Page = {
    readonly total: number
    readonly limit: number
    readonly streams: readonly StreamInfo[] | null
    readonly missing?: readonly string[] | null
  }
  const states: StreamState[] = []
  for (let offset = 0; ; ) {
    const page = await connection.retry('the streams cannot be listed', () =>
      askJetStream<Page>(connection, 'the streams cannot be listed', 'STREAM.LIST', { offset }),
    )
    const streams = page.streams ?? []
    for (const info of streams) states.push(stateOf(info))
    for (const name of page.missing ?? []) states.push(unknownState(name))
    offset += page.limit
    if (streams.length === 0 || offset >= page.total) break
  }
  return system === null ? states : withHealth(system, states)
}

async function withHealth(system: Connection, streams: readonly StreamState[]): Promise<StreamState[]> {
  const copies = streams.flatMap((stream) => stream.copies)
  const servers = new Set(copies.filter(({ isOffline }) => !isOffline).map(({ name }) => name))
  const asked = [...servers].map(async (name) => [name, await readServerHealth(system, name)] as const)
  const health = new Map(await Promise.all(asked))
  return streams.map((stream) => {
    const isBehind = ({ name }: PeerState) => name !== stream.leader && health.get(name)?.isBehind(stream.name) === true
    const seen = stream.copies.map((copy) => (isBehind(copy) ? { ...copy, isCurrent: false } : copy))
    return { ...stream, copies: seen, isSettled: stream.isSettled && !stream.copies.some(isBehind) }
  })
}

function stateOf({ config, state, cluster }: StreamInfo): StreamState {
  const copies = cluster === undefined || cluster === null ? [] : peersOf(cluster)
  // Newer servers tell of a change that is under way.
  const isChanging = cluster !== undefined && 'desired' in cluster
  const isAlone = cluster?.name === undefined
  const areThere = isAlone || (copies.length === config.num_replicas && copies.every(({ isCurrent }) => isCurrent))
  return {
    ...factsOf(config),
    leader: cluster?.leader || null,
    copies,
    messages: state.messages,
    bytes: state.bytes,
    consumers: state.consumer_count,
    isSettled: areThere && !isChanging && Boolean(cluster?.leader ?? isAlone),
  }
}

function factsOf({ name, storage, num_replicas: replicas }: StreamConfig) {
  return { name, storage, replicas } as const
}

/** `KV_jobs (n1, n2 behind by 7, n3 away)` */
function briefly({ name, leader, copies }: StreamState): string {
  const tell = (copy: PeerState) =>
    copy.isOffline ? `${copy.name} away` : copy.isCurrent ? copy.name : `${copy.name} behind by ${copy.lag}`
  return `${name} (${leader === null ? 'no leader' : copies.map(tell).join(', ')})`
}

function unknownState(name: string): StreamState {
  const nothing = { leader: null, copies: [], messages: 0, bytes: 0, consumers: 0, isSettled: false }
  return { name, storage: 'file', replicas: 0, ...nothing }
}

function peersOf({ leader, replicas }: ClusterInfo): PeerState[] {
  const others = (replicas ?? []).map((peer) => ({
    name: peer.name,
    isCurrent: peer.current,
    isOffline: peer.offline ?? false,
    lag: peer.lag ?? 0,
    silentMs: Math.round((peer.active ?? 0) / nanosPerMs),
  }))
  const first = leader ? [{ name: leader, isCurrent: true, isOffline: false, lag: 0 }] : []
  return [...first, ...others.filter(({ name }) => name !== leader)]
}

function nextOdd(replicas: number): number {
  return replicas < 3 ? 3 : 5
}

/** A stream that was deleted meanwhile needs nothing. */
async function ifThere(act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
  }
}

/** Repeats what may be repeated until it answers. @throws UnavailableError after the time; other errors at once */
async function until<Answer>(
  connection: Connection,
  { withinMs = defaultWithinMs, signal }: WaitOptions,
  what: string | (() => string),
  act: () => Promise<Answer | null>,
): Promise<Answer> {
  const { clock } = connection
  const deadlineMs = clock.monotonicMs() + withinMs
  for (;;) {
    let cause: unknown
    try {
      const answer = await act()
      if (answer !== null) return answer
    } catch (error) {
      if (!(error instanceof MillraceError) || error.remedy !== 'retry') throw error
      cause = error
    }
    if (clock.monotonicMs() > deadlineMs)
      throw new UnavailableError(typeof what === 'string' ? what : what(), { cause })
    await clock.sleep(pollMs, signal)
  }
}
