/**
 * Opens this node's way to NATS: founds a cluster, goes on with one, joins one, or uses a NATS that the user runs.
 *
 * Easy to get wrong: nothing is founded or started before the others were asked where that is called for, and what the
 * data directory remembers wins over what --join says.
 */
import { randomUUID } from 'node:crypto'
import { foundOrJoin } from '../../cluster/topology/found-or-join.ts'
import type { Settings } from '../../config/options.ts'
import { systemClock } from '../../core/clock.ts'
import { UnavailableError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { Scope } from '../../core/scope.ts'
import type { SecretBox } from '../../core/secret-box.ts'
import type { Connection } from '../../engine/connection.ts'
import type { NatsRole } from '../../model/member.ts'
import { assertCertificateFits } from '../certificate-check.ts'
import { ClusterSecrets } from '../cluster-secrets.ts'
import { readTlsFiles } from '../cluster-tls.ts'
import { type ChosenToken, chooseToken, type TokenHolder } from '../cluster-token.ts'
import { ClusterMismatchError } from '../errors.ts'
import { connect, type NatsAccess } from '../nats-access.ts'
import { isLoopback, joinAddresses, nodeAddresses, ownAddresses } from '../node-addresses.ts'
import { outsideAccess, settleReplicas } from '../outside-nats.ts'
import { warnIfOpen } from '../secret-files.ts'
import { type ClusterRecord, ClusterRecordFile } from './cluster-record.ts'
import { ClusterStore, knownFormat } from './cluster-store.ts'
import type { NodeCluster } from './node-cluster.ts'
import { NodeServer } from './node-server.ts'
import { giveUpSeat, whenReplaced } from './replaced-server.ts'
import { openSealKey } from './seal-key.ts'
import { type EmbeddedStart, startByRecord } from './start-embedded.ts'

export interface Place {
  readonly dataDir: string
  readonly nodeId: string
  readonly nodeName: string
  readonly log: Log
  readonly signal: AbortSignal
}

export interface OpenedNats {
  readonly connection: Connection
  /** How a process of this node reaches NATS; read anew each time, because the servers change. */
  readonly access: NatsAccess
  readonly store: ClusterStore
  readonly clusterId: string
  /** Seals passwords with the key that all agents of the cluster share. */
  readonly sealer: SecretBox
  readonly natsRole: () => NatsRole
  /** Null when the user runs NATS. */
  readonly node: NodeCluster | null
}

/**
 * The scope ends what was started.
 *
 * @throws ClusterTokenError, ClusterMismatchError, ClusterSettingsError, ClusterRecordError, ClusterFormatError; the
 * errors of `startEmbeddedServer` and `openConnection`; the signal's reason
 */
export function openNats(scope: Scope, settings: Settings, place: Place): Promise<OpenedNats> {
  for (const name of ['cluster-token-file', 'tls-key-file'] as const)
    if (settings[name] !== '') warnIfOpen(`--${name}`, settings[name], place.log)
  return settings.nats === 'embedded' ? openEmbedded(scope, settings, place) : openOutside(scope, settings, place)
}

async function openEmbedded(scope: Scope, settings: Settings, place: Place): Promise<OpenedNats> {
  const { dataDir, nodeId, nodeName, signal } = place
  const log = place.log.child({ component: 'nats' })
  const file = new ClusterRecordFile(dataDir)
  const record = file.read()
  const tls = readTlsFiles(settings)
  const addresses = nodeAddresses(settings)
  if (tls !== null) assertCertificateFits(tls, addresses.host, Date.now())
  const token = chooseToken(dataDir, settings['cluster-token-file'], holderOf(record))
  tellToken(token, log)
  if (tls === null && !isLoopback(addresses.host))
    log.warn(
      { address: addresses.client },
      'nodes talk without tls; give --tls-ca-file, --tls-cert-file and --tls-key-file',
    )
  const secrets = new ClusterSecrets(token.token)
  const server = new NodeServer({
    ...{ dataDir, nodeId, nodeName, addresses, secrets, tls, log: place.log },
    serverPath: settings['nats-server'],
  })
  scope.use(server, (opened) => opened.stopAll())
  const join = joinAddresses(settings.join)
  const parts = { nodeId, nodeName, dataDir, addresses, secrets, tls, file, server, join, log }
  const decision = foundOrJoin({
    role: record?.role ?? null,
    join,
    ownAddresses: ownAddresses(settings),
    knownServers: (record?.servers ?? []).map((seat) => seat.clientAddress),
  })
  const start: EmbeddedStart = { parts, record, decision, keepToken: () => token.keep(), clock: systemClock, signal }
  const node = await startByRecord(start)
  if (node.record.role === 'server')
    log.info({ servers: node.access.servers }, "waits until most of the cluster's nats servers are there")
  const { connection, store } = await openOwn(node, place)
  scope.use(connection, (opened) => opened.close())
  if (node.role === 'client')
    log.warn(
      { address: addresses.client, servers: node.access.servers },
      'others cannot reach this address, so this node runs no nats server for them; give --nats-addr one that they reach',
    )
  await confirmIdentity(store, place, node.record.clusterId, node.access)
  token.keep()
  const sealer = await openSealKey(store, { dataDir, secrets, isHome: node.record.role === 'home' })
  return {
    ...{ connection, store, sealer, node, clusterId: node.record.clusterId },
    access: liveAccess(node),
    natsRole: () => node.role,
  }
}

interface OpenedStore {
  readonly connection: Connection
  readonly store: ClusterStore
}

/** Waits for most of the servers, unless they went on without this node's one: then it is a client from here on. */
async function openOwn(node: NodeCluster, place: Place): Promise<OpenedStore> {
  if (node.record.role !== 'server') return openStore(node, place, place.signal)
  const isDecided = new AbortController()
  const signal = AbortSignal.any([place.signal, isDecided.signal])
  const opening = openStore(node, place, signal)
  try {
    const replaced = whenReplaced(node, { clock: systemClock, signal })
    const result = await Promise.race([opening, replaced])
    if (result !== null && 'connection' in result) return result
    if (result === null) return await opening
    isDecided.abort(new Error('the seat is given away'))
    opening.then(
      ({ connection }) => connection.close(),
      () => {},
    )
    await giveUpSeat(node, result)
    return await openStore(node, place, place.signal)
  } finally {
    isDecided.abort(new Error('decided'))
  }
}

/** As long as it takes. */
async function openStore(node: NodeCluster, place: Place, signal: AbortSignal): Promise<OpenedStore> {
  const { nodeName, log } = place
  const connection = await connect(node.access, `agent ${nodeName}`, log, { signal })
  for (;;) {
    try {
      return { connection, store: await ClusterStore.open(connection, node.access.servers.join(', ')) }
    } catch (err) {
      if (!(err instanceof UnavailableError) || signal.aborted) {
        await connection.close()
        throw err
      }
      log.warn({ err }, "the cluster's own records cannot be read yet, trying again")
      connection.setServers(node.access.servers)
    }
  }
}

function liveAccess(node: NodeCluster): NatsAccess {
  return {
    get servers() {
      return node.access.servers
    },
    get own() {
      return node.ownServer
    },
    get replicas() {
      return node.replicas
    },
    auth: node.access.auth,
    tls: node.access.tls,
    domain: '',
  }
}

async function openOutside(scope: Scope, settings: Settings, place: Place): Promise<OpenedNats> {
  const { dataDir, log } = place
  const file = new ClusterRecordFile(dataDir)
  const record = file.read()
  const access = await outsideAccess(settings, readTlsFiles(settings), log)
  const token = chooseToken(dataDir, settings['cluster-token-file'], record === null ? 'new' : 'client')
  tellToken(token, log)
  const connection = await connectForLong(scope, access, place)
  const store = await ClusterStore.open(connection, connection.nats.getServer())
  if (settings['nats-replicas'] === 'auto') connection.replicas = await settleReplicas(connection, log)
  const clusterId = await confirmIdentity(store, place, record?.clusterId ?? null, access)
  const sealer = await openSealKey(store, { dataDir, secrets: new ClusterSecrets(token.token), isHome: false })
  token.keep()
  const rest = { store: '', generation: 0, clusterName: '', servers: [], candidate: null, retired: [] }
  if (record === null) file.write({ clusterId, role: 'client', ...rest })
  const { replicas } = connection
  return { connection, store, sealer, clusterId, node: null, access: { ...access, replicas }, natsRole: () => 'client' }
}

async function connectForLong(scope: Scope, access: NatsAccess, place: Place): Promise<Connection> {
  const { nodeName, log, signal } = place
  return scope.use(await connect(access, `agent ${nodeName}`, log, { signal }), (opened) => opened.close())
}

/** Whoever comes first founds the cluster. @throws ClusterMismatchError */
async function confirmIdentity(
  store: ClusterStore,
  { dataDir }: Place,
  own: string | null,
  access: NatsAccess,
): Promise<string> {
  const wanted = { clusterId: own ?? randomUUID(), formatVersion: knownFormat, foundedAt: formatRfc3339(Date.now()) }
  const { clusterId } = await store.foundAs(wanted)
  if (own !== null && clusterId !== own)
    throw new ClusterMismatchError(dataDir, own, access.servers.join(', '), clusterId)
  return clusterId
}

function holderOf(record: ClusterRecord | null): TokenHolder {
  if (record === null) return 'new'
  return record.role === 'home' ? 'standalone' : record.role
}

function tellToken({ origin }: ChosenToken, log: Log): void {
  if (origin === 'changed')
    log.warn(
      { origin },
      'the cluster token is another one than before; agents that have the old one are refused from now on',
    )
  else if (origin !== 'kept') log.info({ origin }, 'this node has its cluster token now')
}
