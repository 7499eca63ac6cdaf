/**
 * The embedded server's configuration.
 *
 * Easy to get wrong: its passwords live in this file of mode 0600 only, never in arguments or logs: who can talk to this
 * server can run commands as the agent. And a running server takes over only part of a changed file (tried on 2.15.1):
 * users, passwords, routes, advertised addresses and certificates, but no other place to listen, store or name.
 */
import { createHash } from 'node:crypto'
import { formatAddress, parseListenAddress } from './listen-address.ts'
import type { ServerFiles } from './server-files.ts'

/** The largest message of the embedded server, in bytes. NATS warns above this. */
export const embeddedMaxPayloadBytes = 8 * 1024 * 1024

const memoryStoreBytes = 256 * 1024 * 1024
/**
 * More than any disk: streams reserve their limits, and the server's own default (three quarters of what is free) would
 * refuse a stream on a small disk long before anything is stored.
 */
const fileStoreBytes = 2 ** 50
const logFileBytes = 10 * 1024 * 1024
/** Seconds; the server's own 2 are short for a busy machine. */
const handshakeTimeoutSeconds = 5

/** Passwords, all derived from the cluster's secret by whoever starts the server. */
export interface ServerSecrets {
  /** Of user `millrace`, who owns every stream. */
  readonly clientPassword: string
  /** Of user `system` in the system account: servers, peers, the meta group. */
  readonly systemPassword: string
  /** Between the servers of a cluster. */
  readonly routePassword: string
}

/** PEM files, for clients and between servers. */
export interface ServerTls {
  readonly caPath: string
  /** Must name the advertised host, and be good for servers and clients when it says what it is good for. */
  readonly certPath: string
  readonly keyPath: string
}

/** What makes a server one of several. Addresses are `host:port`. */
export interface ClusterBlock {
  readonly name: string
  readonly listen: string
  /** What the other servers are told to dial. */
  readonly advertise: string
  /**
   * Every server of the cluster, this one too: a new cluster elects its first leader once more than half of as many
   * servers as are listed here have met.
   */
  readonly routes: readonly string[]
  /** True: clients are told of no server but the one they dialled. */
  readonly hidesServers?: boolean
}

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface ServerPlan {
  readonly serverName: string
  /** `host:port` */
  readonly listen: string
  /** What clients are told to dial; null: what they see. */
  readonly advertise: string | null
  readonly files: ServerFiles
  readonly secrets: ServerSecrets
  readonly tls: ServerTls | null
  /** Null for a server on its own. */
  readonly cluster: ClusterBlock | null
}

export function clientCredentials(secrets: ServerSecrets): Credentials {
  return { user: 'millrace', password: secrets.clientPassword }
}

export function systemCredentials(secrets: ServerSecrets): Credentials {
  return { user: 'system', password: secrets.systemPassword }
}

/** The whole configuration file. JSON strings are valid in it (nats-server's conf/lex.go). */
export function renderConfig(plan: ServerPlan): string {
  const { files, secrets, tls, cluster, advertise } = plan
  const lines = [
    '# Written by the Millrace agent; changes are lost.',
    `server_name: ${text(plan.serverName)}`,
    `listen: ${text(listenText(plan.listen))}`,
    ...(advertise === null ? [] : [`client_advertise: ${text(advertise)}`]),
    `max_payload: ${embeddedMaxPayloadBytes}`,
    `log_file: ${text(files.log)}`,
    `logfile_size_limit: ${logFileBytes}`,
    'logfile_max_num: 3',
    // Users outside of any account own the streams of the global one, as they did before there was a system account.
    `authorization { users: [ ${user(clientCredentials(secrets))} ] }`,
    `accounts { SYS { users: [ ${user(systemCredentials(secrets))} ] } }`,
    'system_account: SYS',
    ...(tls === null ? [] : [`tls { ${tlsSettings(tls)} }`]),
    'jetstream {',
    `  store_dir: ${text(files.store)}`,
    `  max_memory_store: ${memoryStoreBytes}`,
    `  max_file_store: ${fileStoreBytes}`,
    '  sync_interval: always',
    '}',
    ...(cluster === null ? [] : clusterLines(cluster, secrets, tls)),
  ]
  return `${lines.join('\n')}\n`
}

function clusterLines(cluster: ClusterBlock, secrets: ServerSecrets, tls: ServerTls | null): string[] {
  const route = { user: 'route', password: secrets.routePassword }
  const login = `${route.user}:${encodeURIComponent(route.password)}`
  return [
    'cluster {',
    `  name: ${text(cluster.name)}`,
    `  listen: ${text(listenText(cluster.listen))}`,
    `  advertise: ${text(cluster.advertise)}`,
    `  no_advertise: ${cluster.hidesServers ?? false}`,
    `  authorization { user: ${text(route.user)}, password: ${text(route.password)}, timeout: ${handshakeTimeoutSeconds} }`,
    `  routes: [ ${cluster.routes.map((address) => text(`nats-route://${login}@${address}`)).join(', ')} ]`,
    ...(tls === null ? [] : [`  tls { ${tlsSettings(tls)} }`]),
    '}',
  ]
}

/** Agents and other servers must show a certificate by the cluster's authority, too. */
function tlsSettings(tls: ServerTls): string {
  const { caPath, certPath, keyPath } = tls
  return `ca_file: ${text(caPath)}, cert_file: ${text(certPath)}, key_file: ${text(keyPath)}, verify: true, timeout: ${handshakeTimeoutSeconds}`
}

function user({ user: name, password }: Credentials): string {
  return `{ user: ${text(name)}, password: ${text(password)} }`
}

/** @throws NatsListenError */
function listenText(address: string): string {
  return formatAddress(parseListenAddress(address))
}

function text(value: string): string {
  return JSON.stringify(value)
}

/** Tells whether a running server has this very configuration. */
export function configHash(config: string): string {
  return createHash('sha256').update(config).digest('hex')
}

/** The same for two configurations when a running server can go from one to the other without a restart. */
export function fixedHash(plan: ServerPlan): string {
  const { serverName, listen, files, tls, cluster } = plan
  const limits = [memoryStoreBytes, fileStoreBytes, logFileBytes]
  return configHash(JSON.stringify([serverName, listen, files, tls !== null, cluster?.listen ?? null, limits]))
}

/** What of `next` a running server with `plan` would not take over; empty when it takes all of it. */
export function fixedDifferences(plan: ServerPlan, next: ServerPlan): readonly string[] {
  const pairs = [
    ['its name', plan.serverName, next.serverName],
    ['its address', plan.listen, next.listen],
    ['its store', plan.files.store, next.files.store],
    ['whether it asks for TLS', plan.tls !== null, next.tls !== null],
    ['the address for other servers', plan.cluster?.listen ?? null, next.cluster?.listen ?? null],
  ] as const
  return pairs.filter(([, before, after]) => before !== after).map(([what]) => what)
}
