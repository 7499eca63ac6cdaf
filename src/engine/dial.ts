/**
 * Opening the socket: which servers, as whom, and whose certificates are believed.
 *
 * Easy to get wrong: the client checks a certificate against the name under which it found the server first, also when it
 * dials another one of the cluster, or one known by an IP address only. So here a certificate is good when its authority
 * is and it names any of the servers that we were told of.
 */
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { NatsConnection, TlsOptions } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import { DialOrder } from './dial-order.ts'
import { authenticatorOf, type NatsAuth } from './nats-auth.ts'
import { parseServerUrl } from './server-url.ts'
import { spareMemory } from './spare-memory.ts'
import { endStaleSockets } from './stale-socket.ts'

const connectTimeoutMs = 3_000
/** A server that answers nothing is given up after two unanswered ones. */
const pingIntervalMs = 1_000

/** PEM files; read again at each connect, so that they may be renewed. */
export interface ClientTls {
  /** Absent: the authorities that Node trusts. */
  readonly caPath?: string
  readonly certPath?: string
  readonly keyPath?: string
}

export interface DialOptions {
  /** `nats://host:port` or `host:port`, several with commas, tried in this order; may hold user and password, or a token. */
  readonly url: string
  /** Wins over what the address holds. */
  readonly auth?: NatsAuth | null
  /** Given: only servers with TLS are spoken to. An address with `tls://` asks for it too. */
  readonly tls?: ClientTls | null
  /** Who connects, for the server's own lists. */
  readonly name: string
}

export interface Dialled {
  readonly nats: NatsConnection
  /** Decides where it connects again. */
  readonly order: DialOrder
}

/** @throws errors of the client; InvalidError for the address */
export async function dial(options: DialOptions): Promise<Dialled> {
  const target = parseServerUrl(options.url)
  const auth = options.auth ?? authOf(target)
  const hosts = new Set(target.servers.map(hostOf))
  const tls = options.tls ?? (target.usesTls ? {} : null)
  const order = new DialOrder()
  const nats = await connect({
    servers: [...target.servers],
    name: options.name,
    ...(auth === null ? {} : { authenticator: authenticatorOf(auth) }),
    ...(tls === null ? {} : { tls: tlsOptions(tls, hosts) }),
    noRandomize: true,
    timeout: connectTimeoutMs,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => Number.NEGATIVE_INFINITY,
    reconnectToServer: (pool) => order.next(pool),
    pingInterval: pingIntervalMs,
    maxPingOut: 2,
    // A server that comes back with other credentials is an operator's mistake, which may be mended.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  })
  spareMemory(nats)
  // The client forgets those that it could not reach at first.
  const known = nats.getServers().map(({ listen }) => listen)
  const forgotten = target.servers.filter((server) => !known.includes(server))
  if (forgotten.length > 0) nats.setServers([...known, ...forgotten])
  void followGossip(nats, hosts)
  void endStaleSockets(nats)
  return { nats, order }
}

async function followGossip(nats: NatsConnection, hosts: Set<string>): Promise<void> {
  const note = (servers: readonly string[]) => {
    for (const server of servers) hosts.add(hostOf(server))
  }
  note(nats.info?.connect_urls ?? [])
  for await (const status of nats.status()) if (status.type === 'update') note(status.added ?? [])
}

function tlsOptions(tls: ClientTls, hosts: ReadonlySet<string>): TlsOptions {
  const options = {
    ...(tls.caPath === undefined ? {} : { caFile: tls.caPath }),
    ...(tls.certPath === undefined ? {} : { certFile: tls.certPath }),
    ...(tls.keyPath === undefined ? {} : { keyFile: tls.keyPath }),
    // Not in the client's type, but handed to Node as it is.
    checkServerIdentity: (host: string, certificate: PeerCertificate) => checkIdentity(host, certificate, hosts),
  }
  return options
}

function checkIdentity(host: string, certificate: PeerCertificate, hosts: ReadonlySet<string>): Error | undefined {
  const isNamed = (name: string) => checkServerIdentity(name, certificate) === undefined
  if ([...hosts].some(isNamed)) return undefined
  const names = [...hosts].join(', ')
  return new Error(
    `the server's certificate is for ${certificate.subjectaltname ?? 'nobody'}, not for ${names || host}`,
  )
}

function authOf(target: ReturnType<typeof parseServerUrl>): NatsAuth | null {
  if (target.token !== undefined) return { token: target.token }
  if (target.user === undefined) return null
  return { user: target.user, password: target.password ?? '' }
}

function hostOf(server: string): string {
  const host = server.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return isIP(host) === 6 ? host.toLowerCase() : host
}
