/** Access to a NATS that the user runs: `--nats`, `--nats-auth-file`, `--nats-domain`, `--nats-replicas`. */
import type { Settings } from '../config/options.ts'
import type { Log } from '../core/log.ts'
import { readAuthFile } from '../engine/nats-auth.ts'
import type { TlsFiles } from './cluster-tls.ts'
import type { NatsAccess } from './nats-access.ts'

type OutsideSettings = Pick<Settings, 'nats' | 'nats-auth-file' | 'nats-domain' | 'nats-replicas'>

/** Copies are 1 for now where --nats-replicas says auto. @throws NatsAuthFileError */
export async function outsideAccess(settings: OutsideSettings, tls: TlsFiles | null, log: Log): Promise<NatsAccess> {
  const path = settings['nats-auth-file']
  return {
    servers: [settings.nats],
    auth: path === '' ? null : await readAuthFile(path, log),
    tls,
    domain: settings['nats-domain'],
    replicas: settings['nats-replicas'] === 'auto' ? 1 : Number(settings['nats-replicas']),
  }
}
