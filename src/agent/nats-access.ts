/** How this node reaches NATS: its own embedded server, or one that the user runs. */
import type { Settings } from '../config/options.ts'
import type { Log } from '../core/log.ts'
import type { Scope } from '../core/scope.ts'
import { type Connection, type ConnectionOptions, openConnection } from '../engine/connection.ts'
import { type EmbeddedServer, startEmbeddedServer } from '../engine/embedded-server.ts'
import { encodeToken } from '../engine/subject-token.ts'
import { ClusterSecrets } from './cluster-secrets.ts'
import { chooseToken } from './cluster-token.ts'

/** Everything a process needs to connect; travels to task processes, never into arguments. */
export interface NatsAccess {
  readonly url: string
  readonly credentials: { readonly user: string; readonly password: string } | null
}

export interface OpenedNats {
  readonly access: NatsAccess
  readonly connection: Connection
  /** Null when the user runs NATS. */
  readonly server: EmbeddedServer | null
}

/**
 * Starts or adopts the embedded server, or connects to the user's; the scope ends what was started.
 *
 * @throws the errors of `startEmbeddedServer` and `openConnection`
 */
export async function openNats(
  scope: Scope,
  settings: Settings,
  place: { readonly dataDir: string; readonly nodeName: string; readonly log: Log },
): Promise<OpenedNats> {
  const server = settings.nats === 'embedded' ? await startServer(scope, settings, place) : null
  const access: NatsAccess =
    server === null ? { url: settings.nats, credentials: null } : { url: server.url, credentials: server.credentials }
  const connection = scope.use(await connect(access, `agent ${place.nodeName}`, place.log), (opened) => opened.close())
  return { access, connection, server }
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
  const credentials = access.credentials === null ? {} : { credentials: access.credentials }
  return openConnection({ url: access.url, name, log, ...credentials, ...more })
}

async function startServer(
  scope: Scope,
  settings: Settings,
  place: { readonly dataDir: string; readonly nodeName: string; readonly log: Log },
): Promise<EmbeddedServer> {
  const { host, port } = settings['nats-addr']
  const chosen = chooseToken(place.dataDir, settings['cluster-token-file'], 'standalone')
  chosen.keep()
  const server = await startEmbeddedServer({
    dataDir: place.dataDir,
    listen: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    serverPath: settings['nats-server'],
    // NATS takes no blanks in a name.
    serverName: encodeToken(place.nodeName),
    secrets: new ClusterSecrets(chosen.token).passwords,
    log: place.log.child({ component: 'nats' }),
  })
  return scope.use(server, (started) => started.stop())
}
