/**
 * The cluster's own records in NATS: who it is, the key that seals passwords, and which nodes run its servers.
 *
 * Easy to get wrong: the lease lives in the same bucket, so this one looks at its own keys only.
 */
import type { ServerSeat, Topology } from '../../cluster/topology/topology.ts'
import { ConflictError } from '../../core/errors.ts'
import type { Connection } from '../../engine/connection.ts'
import { openBucket } from '../../engine/kv-bucket.ts'
import { streamInfo } from '../../engine/stream-setup.ts'
import type { Bucket, Versioned } from '../../model/bucket.ts'
import { ClusterFormatError } from '../errors.ts'

/** The format of everything that agents keep in NATS; see docs/protocol.md. */
export const knownFormat = 1

export interface ClusterIdentity {
  readonly clusterId: string
  readonly formatVersion: number
  /** RFC 3339. */
  readonly foundedAt: string
}

export type ClusterNews =
  | { readonly kind: 'topology'; readonly topology: Topology }
  /** A node goes for good. */
  | { readonly kind: 'farewell'; readonly nodeId: string }
  | { readonly kind: 'farewell-taken-back'; readonly nodeId: string }
  /** Why the servers could not be made a cluster; empty when nothing is wrong. */
  | { readonly kind: 'trouble'; readonly reason: string }
  | { readonly kind: 'ready' }

/** A server's node that goes for good, told by itself before its server stops. */
export interface Farewell {
  readonly nodeId: string
  readonly nodeName: string
}

const farewellPrefix = 'farewell.'
const troubleKey = 'forming-trouble'

export class ClusterStore {
  readonly #bucket: Bucket<unknown>
  readonly #where: string

  constructor(bucket: Bucket<unknown>, where: string) {
    this.#bucket = bucket
    this.#where = where
  }

  /** Makes the bucket where it is missing. @throws UnavailableError */
  static async open(connection: Connection, where: string, patienceMs?: number): Promise<ClusterStore> {
    const patience = patienceMs === undefined ? {} : { patienceMs }
    return new ClusterStore(
      await openBucket<unknown>(connection, { name: 'cluster', storage: 'file', ...patience }),
      where,
    )
  }

  /** @returns null when there is no such bucket yet */
  static async find(connection: Connection, where = '', patienceMs?: number): Promise<ClusterStore | null> {
    if ((await streamInfo(connection, 'KV_cluster')) === null) return null
    return ClusterStore.open(connection, where, patienceMs)
  }

  /** @returns null before anybody founded it @throws ClusterFormatError */
  async identity(): Promise<ClusterIdentity | null> {
    const record = await this.#get<ClusterIdentity>('identity')
    if (record !== null && record.value.formatVersion > knownFormat)
      throw new ClusterFormatError(record.value.formatVersion, knownFormat, this.#where)
    return record?.value ?? null
  }

  /** The identity that is there, or `own` when nobody was first. @throws ClusterFormatError */
  async foundAs(own: ClusterIdentity): Promise<ClusterIdentity> {
    try {
      await this.#bucket.create('identity', own)
      return own
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      return (await this.identity()) ?? own
    }
  }

  /** The sealed seal key. */
  async sealKey(): Promise<string | null> {
    return (await this.#get<{ box: string }>('seal-key'))?.value.box ?? null
  }

  /** @returns false when somebody else was first */
  async shareSealKey(box: string): Promise<boolean> {
    try {
      await this.#bucket.create('seal-key', { box })
      return true
    } catch (error) {
      if (error instanceof ConflictError) return false
      throw error
    }
  }

  async replaceSealKey(box: string): Promise<void> {
    await this.#bucket.put('seal-key', { box })
  }

  topology(): Promise<Versioned<Topology> | null> {
    return this.#get<Topology>('topology')
  }

  /** @param revision of the record that it replaces, 0 for none @throws ConflictError when another one is there */
  async writeTopology(topology: Topology, revision: number): Promise<void> {
    if (revision === 0) await this.#bucket.create('topology', topology)
    else await this.#bucket.update('topology', topology, revision)
  }

  /** What is there, then `ready`, then every change, until `signal` aborts. */
  async *news(signal: AbortSignal): AsyncGenerator<ClusterNews> {
    for await (const change of this.#bucket.watch(signal)) {
      if (change.kind === 'ready') yield { kind: 'ready' }
      else if (change.key.startsWith(farewellPrefix)) {
        const nodeId = change.key.slice(farewellPrefix.length)
        yield { kind: change.kind === 'put' ? 'farewell' : 'farewell-taken-back', nodeId }
      } else if (change.key === troubleKey) {
        yield { kind: 'trouble', reason: change.kind === 'put' ? (change.value as { reason: string }).reason : '' }
      } else if (change.kind === 'put' && change.key === 'topology')
        yield { kind: 'topology', topology: change.value as Topology }
    }
  }

  async sayFarewell(seat: Pick<ServerSeat, 'nodeId' | 'nodeName'>): Promise<void> {
    await this.#bucket.put(farewellPrefix + seat.nodeId, { nodeId: seat.nodeId, nodeName: seat.nodeName })
  }

  /** @param reason of the last attempt that failed; null when all is well */
  async noteTrouble(reason: string | null): Promise<void> {
    if (reason === null) await this.#bucket.delete(troubleKey)
    else await this.#bucket.put(troubleKey, { reason })
  }

  /** A node that starts again has not left. */
  async takeBackFarewell(nodeId: string): Promise<void> {
    await this.#bucket.delete(farewellPrefix + nodeId)
  }

  async #get<Value>(key: string): Promise<Versioned<Value> | null> {
    return (await this.#bucket.get(key)) as Versioned<Value> | null
  }
}
