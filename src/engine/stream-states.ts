/**
 * How every stream of the account is: its leader, its copies, what it holds.
 *
 * For the status page; engine/topology.ts reads what changes of the cluster are decided by.
 *
 * Easy to get wrong: one request for all of them waits for the slowest, which is a stream without a leader, and that is
 * when somebody asks. So each is asked by itself, for a short while.
 */
import { DiscardPolicy, type StreamInfo } from '@nats-io/jetstream'
import { UnavailableError } from '../core/errors.ts'
import type { Connection } from './connection.ts'

export interface StreamPeer {
  readonly serverName: string
  readonly isLeader: boolean
  readonly isCurrent: boolean
  readonly isOffline: boolean
  /** Operations behind the leader. */
  readonly lag: number
}

export interface StreamReading {
  readonly name: string
  /** False when nobody answered for it: it has no leader, as far as one can tell. The other facts are empty then. */
  readonly isAnswered: boolean
  readonly replicas: number
  readonly peers: readonly StreamPeer[]
  readonly messages: number
  readonly bytes: number
  /** Null where only the disk limits it, or where it makes room by itself. */
  readonly limitBytes: number | null
  /** Messages that the slowest durable consumer has not had; null without one. */
  readonly consumerLag: number | null
}

export interface JetStreamReading {
  /** The server that this process is connected to. */
  readonly serverName: string
  readonly streams: readonly StreamReading[]
}

const answerWithinMs = 900
/** A leader hears every copy each second (hbInterval in nats-server's raft.go); that one is offline it learns much later. */
const longestSilenceMs = 5_000
/** To NATS a copy is current only while it has the very last message: under constant writes it never seems to be. */
const lagUnderWay = 100

/** Takes little more than a second, whatever hangs. @throws UnavailableError when nobody answers at all */
export async function readStreamStates(connection: Connection): Promise<JetStreamReading> {
  const manager = await connection.manager()
  const names = await inTime(connection, async () => {
    const found: string[] = []
    for await (const name of manager.streams.names()) found.push(name)
    return found
  })
  if (names === null) throw new UnavailableError('NATS does not list its streams')
  const streams = await Promise.all(names.toSorted().map((name) => readOne(connection, name)))
  return { serverName: connection.nats.info?.server_name ?? '', streams }
}

async function readOne(connection: Connection, name: string): Promise<StreamReading> {
  const manager = await connection.manager()
  const info = await inTime(connection, () => manager.streams.info(name))
  if (info === null)
    return {
      name,
      isAnswered: false,
      replicas: 1,
      peers: [],
      messages: 0,
      bytes: 0,
      limitBytes: null,
      consumerLag: null,
    }
  const { config, state } = info
  const canFill = config.discard === DiscardPolicy.New && config.max_bytes > 0
  return {
    name,
    isAnswered: true,
    replicas: config.num_replicas,
    peers: peersOf(info, connection),
    messages: state.messages,
    bytes: state.bytes,
    limitBytes: canFill ? config.max_bytes : null,
    consumerLag: state.consumer_count === 0 ? null : await consumerLag(connection, name),
  }
}

/** A server that stands alone says nothing of peers: it is the one. */
function peersOf({ cluster }: StreamInfo, connection: Connection): readonly StreamPeer[] {
  const leader = { isLeader: true, isCurrent: true, isOffline: false, lag: 0 }
  if (cluster === undefined) return [{ serverName: connection.nats.info?.server_name ?? '', ...leader }]
  const others = (cluster.replicas ?? []).map((peer) => {
    // A leader that was elected after this copy's server died has never heard it, and says 0.
    const isUnheard = peer.active === 0 && !peer.current
    const isOffline = peer.offline || isUnheard || peer.active > longestSilenceMs * 1e6
    return {
      ...{ serverName: peer.name, isLeader: false, isOffline },
      isCurrent: !isOffline && (peer.current || (peer.lag ?? 0) <= lagUnderWay),
      lag: peer.lag ?? 0,
    }
  })
  return cluster.leader === undefined || cluster.leader === ''
    ? others
    : [{ serverName: cluster.leader, ...leader }, ...others]
}

async function consumerLag(connection: Connection, name: string): Promise<number | null> {
  const manager = await connection.manager()
  const consumers = await inTime(connection, () => manager.consumers.list(name).next())
  const lags = (consumers ?? []).filter(({ config }) => config.durable_name !== undefined).map((one) => one.num_pending)
  return lags.length === 0 ? null : Math.max(...lags)
}

/** @returns null when it does not answer in time, or with an error */
async function inTime<Answer>(connection: Connection, ask: () => Promise<Answer>): Promise<Answer | null> {
  const ending = new AbortController()
  const tooLate = connection.clock.sleep(answerWithinMs, ending.signal).then(
    () => null,
    () => null,
  )
  try {
    return await Promise.race([connection.call('no answer', ask), tooLate])
  } catch {
    return null
  } finally {
    ending.abort()
  }
}
