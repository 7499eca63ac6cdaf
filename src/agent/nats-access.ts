/** How a process of this node reaches NATS, whoever runs its servers. */
import type { Log } from '../core/log.ts'
import { type Connection, type ConnectionOptions, openConnection } from '../engine/connection.ts'
import type { NatsAuth } from '../engine/nats-auth.ts'
import type { OwnServer } from '../engine/own-server.ts'
import type { TlsFiles } from './cluster-tls.ts'

/** Everything a process needs to connect; travels to task processes, never into arguments. */
export interface NatsAccess {
  /** `host:port` each, in the order in which they are tried; a URL where the user gave one. */
  readonly servers: readonly string[]
  /** The one among them that this node runs; null for none. */
  readonly own: OwnServer | null
  readonly auth: NatsAuth | null
  readonly tls: TlsFiles | null
  /** JetStream domain; empty for none. */
  readonly domain: string
  /** Copies of each stream that is made. */
  readonly replicas: number
}

/**
 * @param more how long to wait for a server that does not answer; by default for ever
 * @throws NatsAccessError, NatsTooOldError, JetStreamDisabledError; UnavailableError when that time is over
 */
export function connect(
  access: NatsAccess,
  name: string,
  log: Log,
  more: Pick<ConnectionOptions, 'connectWithinMs' | 'signal'> = {},
): Promise<Connection> {
  const { auth, servers, tls, domain, replicas } = access
  return openConnection({ url: servers.join(','), name, log, auth, tls, domain, replicas, ...more })
}
