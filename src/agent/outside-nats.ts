/** Access to a NATS that the user runs: `--nats`, `--nats-auth-file`, `--nats-domain`, `--nats-replicas`. */
import type { Settings } from '../config/options.ts'
import type { Log } from '../core/log.ts'
import type { Connection } from '../engine/connection.ts'
import { readAuthFile } from '../engine/nats-auth.ts'
import { streamInfo } from '../engine/stream-setup.ts'
import type { TlsFiles } from './cluster-tls.ts'
import type { NatsAccess } from './nats-access.ts'

type OutsideSettings = Pick<Settings, 'nats' | 'nats-auth-file' | 'nats-domain' | 'nats-replicas'>

const mostReplicas = 3
/** Servers that have only just met take a moment. */
const giveWithinMs = 3_000
const clusterStream = 'KV_cluster'

/** @throws NatsAuthFileError; InvalidError when --nats cannot be read */
export async function outsideAccess(settings: OutsideSettings, tls: TlsFiles | null, log: Log): Promise<NatsAccess> {
  const path = settings['nats-auth-file']
  const wanted = settings['nats-replicas']
  return {
    servers: [settings.nats],
    own: null,
    auth: path === '' ? null : await readAuthFile(path, log),
    tls,
    domain: settings['nats-domain'],
    replicas: wanted === 'auto' ? 1 : Number(wanted),
  }
}

/**
 * How many copies a stream gets where --nats-replicas is `auto`: three where the servers have them to give, which is tried
 * with the first stream that everybody has. What one server says of itself would not do: JetStream may be elsewhere.
 *
 * @throws UnavailableError
 */
export async function settleReplicas(connection: Connection, log: Log): Promise<number> {
  const info = await streamInfo(connection, clusterStream)
  if (info === null || info.config.num_replicas > 1 || !info.cluster?.name) return info?.config.num_replicas ?? 1
  const manager = await connection.manager()
  try {
    await connection.retry(
      `stream ${clusterStream} cannot get ${mostReplicas} copies`,
      () => manager.streams.update(clusterStream, { num_replicas: mostReplicas }),
      { withinMs: giveWithinMs },
    )
    return mostReplicas
  } catch (err) {
    log.info({ err }, 'the nats servers keep one copy of each stream, because they are fewer than three')
    return 1
  }
}
