/**
 * The NATS servers that this node runs: one, or none, or, while a cluster forms, the old one and the candidate.
 *
 * Easy to get wrong: what runs follows from cluster.json alone; whoever starts or stops a server has written it before.
 */
import { isClustered, type ServerSeat, type Topology } from '../../cluster/topology/topology.ts'
import type { Log } from '../../core/log.ts'
import {
  discardStore,
  type EmbeddedServer,
  type EmbeddedServerOptions,
  endLeftServer,
  startEmbeddedServer,
} from '../../engine/embedded-server.ts'
import type { ClusterBlock } from '../../engine/server-config.ts'
import { encodeToken } from '../../engine/subject-token.ts'
import type { ClusterSecrets, NatsPasswords } from '../cluster-secrets.ts'
import type { TlsFiles } from '../cluster-tls.ts'
import { FormingError } from '../errors.ts'
import type { NodeAddresses } from '../node-addresses.ts'

export type StoreName = NonNullable<EmbeddedServerOptions['storeName']>

export interface NodeServerParts {
  readonly dataDir: string
  readonly nodeId: string
  readonly nodeName: string
  readonly addresses: NodeAddresses
  readonly secrets: ClusterSecrets
  readonly tls: TlsFiles | null
  /** What --nats-server names. */
  readonly serverPath: string
  readonly log: Log
}

/** The store of a node that founds a cluster. */
export const firstStore: StoreName = 'store'

export class NodeServer {
  readonly #parts: NodeServerParts
  #main: EmbeddedServer | null = null
  /** This node's candidate while the server of before still runs. */
  #beside: EmbeddedServer | null = null
  /** What the main one was told and has not taken yet. */
  #untaken: Topology | null = null

  constructor(parts: NodeServerParts) {
    this.#parts = parts
  }

  /** The server that agents use; null while this node runs none. */
  get main(): EmbeddedServer | null {
    return this.#main
  }

  /** False after a `reveal` that failed, until one worked or the server was started anew. */
  get isUpToDate(): boolean {
    return this.#untaken === null
  }

  /** This node's seat among the servers, with the store of that suffix; `''` for the first store. */
  seat(suffix: string): ServerSeat {
    const { nodeId, nodeName, addresses } = this.#parts
    // NATS takes no blanks in a name.
    const token = encodeToken(nodeName)
    const serverName = suffix === '' ? token : `${token}-${suffix}`
    return { nodeId, nodeName, serverName, clientAddress: addresses.client, routeAddress: addresses.route }
  }

  /** Starts the server on its own, or adopts it. */
  async startAlone(
    seat: ServerSeat,
    store: StoreName,
    secrets: NatsPasswords = this.#parts.secrets.passwords,
  ): Promise<void> {
    this.#main = await startEmbeddedServer({ ...this.#common(seat), storeName: store, secrets, cluster: null })
    this.#untaken = null
  }

  /** Starts this node's server of several, or adopts it. @param hides see `reveal` */
  async startClustered(
    topology: Topology,
    store: StoreName,
    passwords: NatsPasswords = this.#parts.secrets.passwords,
    hides = false,
  ): Promise<void> {
    const seat = this.#ownSeat(topology)
    const cluster = this.#block(topology, hides)
    this.#main = await startEmbeddedServer({ ...this.#common(seat), storeName: store, secrets: passwords, cluster })
    this.#untaken = null
  }

  /** Starts a candidate on another address, beside the server that agents use. @param listen `host:port` */
  async startBeside(topology: Topology, store: StoreName, listen: string, secrets: NatsPasswords): Promise<void> {
    const seat = this.#ownSeat(topology)
    const cluster = this.#block(topology, true)
    const options = { ...this.#common(seat), storeName: store, secrets, listen, advertise: null, cluster }
    this.#beside = await startEmbeddedServer(options)
  }

  async stopBeside(): Promise<void> {
    const server = this.#beside
    this.#beside = null
    await server?.stop()
  }

  /** A candidate becomes a server for everybody, or a server learns of others. @throws NatsReloadError: see `isUpToDate` */
  async reveal(topology: Topology): Promise<void> {
    const { passwords: secrets } = this.#parts.secrets
    const cluster = isClustered(topology) ? { cluster: this.#block(topology, false) } : {}
    this.#untaken = topology
    await this.#main?.reconfigure({ secrets, ...cluster })
    if (this.#untaken === topology) this.#untaken = null
  }

  /** The old store once more, for reading only and for this process only. */
  async startForReading(
    seat: ServerSeat,
    store: StoreName,
    listen: string,
    passwords: NatsPasswords,
  ): Promise<EmbeddedServer> {
    const options = { ...this.#common(seat), storeName: store, secrets: passwords, listen, advertise: null }
    return startEmbeddedServer({ ...options, tls: null, cluster: null })
  }

  /** Ends the server that agents use. */
  async stop(): Promise<void> {
    const server = this.#main
    this.#main = null
    await server?.stop()
  }

  async stopAll(): Promise<void> {
    await Promise.all([this.stop(), this.stopBeside()])
  }

  /** Ends what an earlier agent left on a store; the store stays. */
  endLeft(store: StoreName): Promise<void> {
    return endLeftServer(this.#parts.dataDir, store)
  }

  /** Removes a store for good, with the server on it. */
  discard(store: StoreName): Promise<void> {
    return discardStore(this.#parts.dataDir, store)
  }

  #common(seat: ServerSeat): EmbeddedServerOptions {
    const { dataDir, addresses, tls, serverPath, secrets, log } = this.#parts
    return {
      dataDir,
      listen: addresses.listen,
      advertise: addresses.client,
      serverPath,
      serverName: seat.serverName,
      secrets: secrets.passwords,
      tls,
      log: log.child({ component: 'nats' }),
    }
  }

  #block(topology: Topology, hidesServers: boolean): ClusterBlock {
    const { addresses } = this.#parts
    return {
      name: topology.clusterName,
      listen: addresses.routeListen,
      advertise: addresses.route,
      routes: topology.servers.map((seat) => seat.routeAddress),
      hidesServers,
    }
  }

  #ownSeat(topology: Topology): ServerSeat {
    const seat = topology.servers.find(({ nodeId }) => nodeId === this.#parts.nodeId)
    if (seat !== undefined && isClustered(topology)) return seat
    throw new FormingError(`node ${this.#parts.nodeName} has no server in generation ${topology.generation}`)
  }
}
