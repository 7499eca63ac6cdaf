/** Access to a NATS that the user runs: `--nats`, `--nats-auth-file`, `--nats-domain`, `--nats-replicas`. */
import type { Settings } from '../config/options.ts'
import type { Log } from '../core/log.ts'
import { readAuthFile } from '../engine/nats-auth.ts'
import { readServerInfo } from '../engine/server-info.ts'
import { parseServerUrl } from '../engine/server-url.ts'
import type { TlsFiles } from './cluster-tls.ts'
import type { NatsAccess } from './nats-access.ts'

type OutsideSettings = Pick<Settings, 'nats' | 'nats-auth-file' | 'nats-domain' | 'nats-replicas'>

const infoWithinMs = 3_000

/** @throws NatsAuthFileError; InvalidError when --nats cannot be read */
export async function outsideAccess(settings: OutsideSettings, tls: TlsFiles | null, log: Log): Promise<NatsAccess> {
  const path = settings['nats-auth-file']
  const wanted = settings['nats-replicas']
  return {
    servers: [settings.nats],
    auth: path === '' ? null : await readAuthFile(path, log),
    tls,
    domain: settings['nats-domain'],
    replicas: wanted === 'auto' ? await usualReplicas(settings.nats) : Number(wanted),
  }
}

/** Three where the server is one of several; should they be fewer than three, streams are made with one copy. */
async function usualReplicas(url: string): Promise<number> {
  const infos = await Promise.all(parseServerUrl(url).servers.map((server) => readServerInfo(server, infoWithinMs)))
  return infos.some((info) => info.kind === 'nats' && info.clusterName !== '') ? 3 : 1
}
