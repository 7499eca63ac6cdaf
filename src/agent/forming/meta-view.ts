/**
 * What the NATS servers themselves say of their cluster, and the changes that a topology asks of them.
 *
 * Easy to get wrong: peers are asked for through the system account, streams through our own; both connections are this
 * view's own, opened when first needed.
 */
import { UnavailableError } from '../../core/errors.ts'
import { type Connection, openConnection } from '../../engine/connection.ts'
import { spareServer } from '../../engine/spare-server.ts'
import {
  bestKeeper,
  gatherOn,
  listStreams,
  type MetaGroup,
  type PeerState,
  readMetaGroup,
  removePeer,
  scaleStreams,
  type WaitOptions,
} from '../../engine/topology.ts'
import { clientUser, systemUser } from '../cluster-secrets.ts'
import type { NodeClusterParts } from './node-cluster.ts'

/** Servers of a group hear each other every second. */
const longestSilenceMs = 4_000
const connectWithinMs = 5_000
const changeWithinMs = 30_000
const gatherWithinMs = 120_000

export class MetaView {
  readonly #parts: NodeClusterParts
  readonly #servers: () => readonly string[]
  readonly #closing = new AbortController()
  readonly #connections = new Map<string, Promise<Connection>>()

  /** @param servers where to find one, `host:port` each */
  constructor(parts: NodeClusterParts, servers: () => readonly string[]) {
    this.#parts = parts
    this.#servers = servers
  }

  /** @throws UnavailableError while nobody leads */
  async read(): Promise<MetaGroup> {
    const group = await readMetaGroup(await this.#system())
    if (group === null) throw new UnavailableError('the NATS cluster has no leader now')
    return group
  }

  /** Whether the cluster still counts on that server. @throws UnavailableError while nobody leads */
  async needs(serverName: string): Promise<boolean> {
    const { peers } = await this.read()
    return peers.some(({ name }) => name === serverName)
  }

  /** Takes a server out of the cluster for good. @throws UnavailableError */
  async remove(serverName: string, signal: AbortSignal): Promise<void> {
    await removePeer(await this.#system(), serverName, this.#wait(changeWithinMs, signal))
  }

  /** See spare-server.ts. @returns the streams that cannot go on without that server yet @throws UnavailableError */
  async spare(serverName: string, there: ReadonlySet<string>, signal: AbortSignal): Promise<readonly string[]> {
    return spareServer(await this.#client(), await this.#system(), serverName, there, () => signal.throwIfAborted())
  }

  /** Gives every stream so many copies, one step at a time. @returns whether all of them have theirs now */
  async scale(replicas: number, signal: AbortSignal): Promise<boolean> {
    const client = await this.#client()
    const streams = await listStreams(client, await this.#system())
    if (streams.every((stream) => stream.replicas === replicas && stream.isSettled)) return true
    if (streams.some((stream) => stream.replicas !== replicas))
      await scaleStreams(client, replicas, this.#wait(changeWithinMs, signal))
    return false
  }

  /** See topology.ts. @throws UnavailableError */
  async bestKeeper(serverNames: readonly string[]): Promise<string | null> {
    return bestKeeper(await listStreams(await this.#client(), await this.#system()), serverNames)
  }

  /** Leaves one copy of every stream, all of them on one server. @throws UnavailableError */
  async gatherOn(serverName: string, signal: AbortSignal): Promise<void> {
    await gatherOn(await this.#client(), await this.#system(), serverName, this.#wait(gatherWithinMs, signal))
  }

  /** Whether all servers are there and every stream has all of its copies. */
  async isWhole(servers: number, replicas: number): Promise<boolean> {
    const { peers } = await this.read()
    if (peers.filter(isThere).length < servers) return false
    const streams = await listStreams(await this.#client(), await this.#system())
    return streams.every((stream) => stream.replicas >= replicas && stream.isSettled)
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'))
    await this.reset()
  }

  /** The next question goes to the first server that answers then. */
  async reset(): Promise<void> {
    const opened = [...this.#connections.values()]
    this.#connections.clear()
    for (const opening of opened)
      await opening.then(
        (connection) => connection.close(),
        () => {},
      )
  }

  #client(): Promise<Connection> {
    return this.#connection(clientUser, this.#parts.secrets.passwords.clientPassword)
  }

  #system(): Promise<Connection> {
    return this.#connection(systemUser, this.#parts.secrets.passwords.systemPassword)
  }

  async #connection(user: string, password: string): Promise<Connection> {
    const known = this.#connections.get(user)
    if (known !== undefined) {
      const connection = await known
      connection.setServers(this.#servers())
      return connection
    }
    const { nodeName, tls, log } = this.#parts
    const opening = openConnection({
      ...{ url: this.#servers().join(','), auth: { user, password }, tls, log },
      name: `topology ${nodeName}`,
      needsJetStream: user === clientUser,
      connectWithinMs,
      signal: this.#closing.signal,
    })
    this.#connections.set(user, opening)
    opening.catch(() => {
      if (this.#connections.get(user) === opening) this.#connections.delete(user)
    })
    return opening
  }

  /** @param signal for example of the reign in which this was decided: an earlier leader must not go on changing things */
  #wait(withinMs: number, signal: AbortSignal): WaitOptions {
    // Whoever stood still learns that its reign is over by asking, before any timer says so; see reign.ts.
    const beforeChange = () => signal.throwIfAborted()
    return { withinMs, signal: AbortSignal.any([signal, this.#closing.signal]), beforeChange }
  }
}

/** Up, and with everything that it needs. */
export function isThere({ isCurrent, isOffline, silentMs = 0 }: PeerState): boolean {
  return isCurrent && !isOffline && silentMs < longestSilenceMs
}
