/**
 * Finds a server of the cluster among addresses, and tells the operator what it waits for.
 *
 * Easy to get wrong: a wrong token and another cluster are told at once, since waiting mends neither. But a server may
 * refuse the right token for a moment: a clustered one while the cluster is being formed, and any one that a node of the
 * cluster knows, while everything is brought into it.
 */

import type { Topology } from '../../cluster/topology/topology.ts'
import type { Clock } from '../../core/clock.ts'
import { messageOf, UnavailableError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { JetStreamDisabledError, NatsAccessError } from '../../engine/errors.ts'
import { readServerInfo } from '../../engine/server-info.ts'
import { ClusterMismatchError, ClusterSettingsError, ClusterTokenError } from '../errors.ts'
import { connect, type NatsAccess } from '../nats-access.ts'
import { type ClusterIdentity, ClusterStore } from './cluster-store.ts'

const infoWithinMs = 2_000
const connectWithinMs = 3_000
const pauseMs = 250
const tellEveryMs = 5_000
/** How long a server may refuse the token because everything is just being brought into it. */
const formingPatienceMs = 30_000

export interface SearchOptions {
  /** `host:port` each. */
  readonly addresses: readonly string[]
  /** How to log in; its servers do not matter. */
  readonly access: NatsAccess
  readonly dataDir: string
  /** The cluster that this node belongs to; null for a new node. */
  readonly clusterId: string | null
  /** How long to look; by default as long as it takes. */
  readonly withinMs?: number
  /** The start of the log lines. */
  readonly clock: Clock
  readonly log: Log
  readonly signal?: AbortSignal
}

export interface FoundCluster {
  readonly address: string
  readonly identity: ClusterIdentity
  /** Null in a cluster that has never had more than its first server. */
  readonly topology: Topology | null
}

type Look =
  | { readonly kind: 'found'; readonly cluster: FoundCluster }
  | { readonly kind: 'wait'; readonly why: string }
  /** The server refused the token; `isForming`: that may pass. */
  | { readonly kind: 'refused'; readonly isForming: boolean }

/**
 * @returns null when the time is over
 * @throws ClusterTokenError, ClusterMismatchError, ClusterSettingsError (TLS), ClusterFormatError; the signal's reason
 */
export async function findCluster(options: SearchOptions): Promise<FoundCluster | null> {
  const { addresses, clock, log, signal, withinMs = Number.POSITIVE_INFINITY } = options
  const beganMs = clock.monotonicMs()
  let toldMs = Number.NEGATIVE_INFINITY
  for (;;) {
    signal?.throwIfAborted()
    const looking = addresses.map((address) => lookAt(address, options))
    const found = await firstFound(looking)
    if (found !== null) return found
    const looks = await Promise.all(looking)
    const nowMs = clock.monotonicMs()
    const refused = looks.findIndex((look) => isRefusal(look, options, nowMs - beganMs))
    if (refused >= 0) throw wrongToken(addresses[refused] ?? '')
    if (nowMs - beganMs >= withinMs) return null
    if (withinMs === Number.POSITIVE_INFINITY && nowMs - toldMs >= tellEveryMs) {
      toldMs = nowMs
      log.info({ waitingFor: reasons(addresses, looks) }, 'waits for an agent of the cluster')
    }
    await clock.sleep(pauseMs, signal)
  }
}

/** The others may take their time. @returns null when none has found anything */
function firstFound(looking: readonly Promise<Look>[]): Promise<FoundCluster | null> {
  const clusters = looking.map(async (one) => {
    const look = await one
    if (look.kind !== 'found') throw new Error('not found there')
    return look.cluster
  })
  return Promise.any(clusters).catch(() => null)
}

/** A node that the cluster has accepted before waits for better times. */
function isRefusal(look: Look, { clusterId }: SearchOptions, sinceMs: number): boolean {
  if (look.kind !== 'refused' || (clusterId !== null && look.isForming)) return false
  return (!look.isForming && clusterId === null) || sinceMs >= formingPatienceMs
}

function wrongToken(address: string): ClusterTokenError {
  return new ClusterTokenError(
    `the cluster at ${address} refused this node's token; copy the file secrets/cluster-token of one of its data directories ` +
      'to this machine and name it with --cluster-token-file',
  )
}

function reasons(addresses: readonly string[], looks: readonly Look[]): Readonly<Record<string, string>> {
  const why = (look: Look | undefined) =>
    look?.kind === 'wait' ? look.why : 'it refuses the token, as servers do while the cluster is being formed'
  return Object.fromEntries(addresses.map((address, index) => [address, why(looks[index])]))
}

async function lookAt(address: string, options: SearchOptions): Promise<Look> {
  const info = await readServerInfo(address, infoWithinMs)
  if (info.kind === 'silent') return { kind: 'wait', why: info.why }
  if (info.kind === 'foreign') return { kind: 'wait', why: 'what answers there is no NATS server' }
  assertSameTls(address, info.usesTls, options)
  try {
    return await ask(address, options)
  } catch (error) {
    if (error instanceof NatsAccessError) return { kind: 'refused', isForming: info.clusterName !== '' }
    if (error instanceof UnavailableError || error instanceof JetStreamDisabledError)
      return { kind: 'wait', why: `it answers, but not its JetStream: ${messageOf(error)}` }
    throw error
  }
}

function assertSameTls(address: string, usesTls: boolean, { access }: SearchOptions): void {
  if (usesTls === (access.tls !== null)) return
  throw new ClusterSettingsError(
    usesTls
      ? `the cluster at ${address} uses TLS; give this node --tls-ca-file, --tls-cert-file and --tls-key-file (millrace keygen makes them)`
      : `the cluster at ${address} does not use TLS, and this node has --tls-ca-file; give all of its nodes certificates, or this one none`,
  )
}

async function ask(address: string, options: SearchOptions): Promise<Look> {
  const { access, dataDir, clusterId, log } = options
  const connection = await connect({ ...access, servers: [address] }, 'agent that joins', log, { connectWithinMs })
  try {
    const store = await ClusterStore.find(connection, address, connectWithinMs)
    const identity = (await store?.identity()) ?? null
    if (store === null || identity === null) return { kind: 'wait', why: 'its agent has not founded the cluster yet' }
    if (clusterId !== null && identity.clusterId !== clusterId)
      throw new ClusterMismatchError(dataDir, clusterId, address, identity.clusterId)
    return { kind: 'found', cluster: { address, identity, topology: (await store.topology())?.value ?? null } }
  } finally {
    await connection.close()
  }
}
