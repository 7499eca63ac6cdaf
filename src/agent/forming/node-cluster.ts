/**
 * What this node knows of its cluster and runs for it: the record on disk, the topology, and the server.
 *
 * Easy to get wrong: the record is written first, then what runs is changed; a node that dies in between does at its next
 * start what the record says.
 */
import { isClustered, replicasOf, type ServerSeat, type Topology } from '../../cluster/topology/topology.ts'
import type { Log } from '../../core/log.ts'
import type { OwnServer } from '../../engine/own-server.ts'
import type { NatsRole } from '../../model/member.ts'
import type { ClusterSecrets } from '../cluster-secrets.ts'
import { clientUser } from '../cluster-secrets.ts'
import type { TlsFiles } from '../cluster-tls.ts'
import type { NatsAccess } from '../nats-access.ts'
import { isOutOfReach, type NodeAddresses } from '../node-addresses.ts'
import type { Candidate, ClusterRecord, ClusterRecordFile } from './cluster-record.ts'
import type { NodeServer, StoreName } from './node-server.ts'

export interface NodeClusterParts {
  readonly nodeId: string
  readonly nodeName: string
  readonly dataDir: string
  readonly addresses: NodeAddresses
  readonly secrets: ClusterSecrets
  readonly tls: TlsFiles | null
  readonly file: ClusterRecordFile
  readonly server: NodeServer
  /** What --join names, tried after the servers that are known. */
  readonly join: readonly string[]
  readonly log: Log
}

type KnownRecord = Omit<ClusterRecord, 'version'>

export class NodeCluster {
  readonly parts: NodeClusterParts
  /** Why the servers could not be made a cluster the last time, as the node says that tried; empty for nothing. */
  trouble = ''
  /** While an attempt of this node's own decides what runs here: see attempt.ts. */
  isAttempting = false
  #record: KnownRecord
  #preferred: string | null = null

  constructor(parts: NodeClusterParts, record: KnownRecord) {
    this.parts = parts
    this.#record = record
  }

  get record(): KnownRecord {
    return this.#record
  }

  get topology(): Topology {
    const { generation, clusterName, servers } = this.#record
    return { generation, clusterName, servers }
  }

  /** This node's seat among the servers; null while it has none. */
  get seat(): ServerSeat | null {
    return this.#record.servers.find((seat) => seat.nodeId === this.parts.nodeId) ?? null
  }

  /** What the members show of this node. */
  get role(): NatsRole {
    if (this.#record.role !== 'client') return 'server'
    return this.isOutOfReach ? 'client' : 'spare'
  }

  /** A server here would serve this machine only, while those that there are serve others. */
  get isOutOfReach(): boolean {
    const others = this.#record.servers.map((seat) => seat.clientAddress)
    return isOutOfReach(this.parts.addresses.host, others)
  }

  /** Copies that a new stream should have. */
  get replicas(): number {
    return replicasOf(this.topology)
  }

  get isClustered(): boolean {
    return isClustered(this.topology)
  }

  /** Where this process reaches this node's own server, `host:port`; null while it runs none. */
  get ownAddress(): string | null {
    return this.parts.server.main?.url.replace(/^nats:\/\//, '') ?? null
  }

  /** Null while this node has no seat, or its server does not run. */
  get ownServer(): OwnServer | null {
    const address = this.ownAddress
    return this.seat === null || address === null ? null : { serverName: this.seat.serverName, address }
  }

  /** A server that answers while the own one, or the first one, is of no use, `host:port`; null when it is again. */
  prefer(address: string | null): void {
    this.#preferred = address
  }

  /** The preferred one and the own one first, then the others; what --join names while no server is known. */
  get access(): NatsAccess {
    const { nodeId, secrets, tls, join } = this.parts
    const isOwn = (seat: ServerSeat) => seat.nodeId === nodeId
    const { servers } = this.#record
    const own = servers.filter(isOwn).map((seat) => this.ownAddress ?? seat.clientAddress)
    const others = servers.filter((seat) => !isOwn(seat)).map((seat) => seat.clientAddress)
    const usual = servers.length === 0 ? join : [...own, ...others]
    const known = usual.filter((address) => address === this.#preferred).concat(usual)
    return {
      servers: [...new Set(known)],
      own: this.ownServer,
      auth: { user: clientUser, password: secrets.passwords.clientPassword },
      tls,
      domain: '',
      replicas: this.replicas,
    }
  }

  /**
   * On disk before it returns, and known here only then: what a full disk did not take was not decided.
   *
   * @throws Error of the file system; this node goes on with the record of before
   */
  write(changes: Partial<KnownRecord>): void {
    const record = { ...this.#record, ...changes }
    this.parts.file.write(record)
    this.#record = record
  }

  /** Removes the store of an attempt that is void; may be repeated. @throws NatsStoreError, or as `write` does */
  async dropCandidate(candidate: Candidate): Promise<void> {
    // A write that failed may be on disk all the same: no record may name a store that is gone.
    this.write({})
    await this.parts.server.discard(candidate.store as StoreName)
    this.write({ candidate: null })
  }
}
