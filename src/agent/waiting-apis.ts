/**
 * What the two APIs answer while the agent still waits for its cluster: 503, and for what it waits. The page is there, and
 * shows it.
 *
 * Easy to get wrong: it must be gone before the real APIs open the same ports.
 */
import type { Settings } from '../config/options.ts'
import type { Clock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { Scope } from '../core/scope.ts'
import { parseServerUrl } from '../engine/server-url.ts'
import { PageFiles } from '../http/ops/page/page-files.ts'
import { registerPage } from '../http/ops/page/routes.ts'
import { createApiApps } from './api-apps.ts'
import { ClusterRecordFile } from './forming/cluster-record.ts'
import { ownAddresses } from './node-addresses.ts'
import { pageFolder } from './page-folder.ts'

/** A start that takes no longer answers by itself. */
const quietMs = 2_000

export interface WaitingParts {
  readonly settings: Settings
  readonly nodeName: string
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Log
}

/** The outcome of `opening`; the APIs answer for it when it takes long. @throws what `opening` throws */
export async function answerMeanwhile<Result>(parts: WaitingParts, opening: Promise<Result>): Promise<Result> {
  const isOpen = new AbortController()
  const answering = answerUntil(parts, isOpen.signal)
  try {
    return await opening
  } finally {
    isOpen.abort(new Error('the cluster is there'))
    await answering
  }
}

async function answerUntil(parts: WaitingParts, signal: AbortSignal): Promise<void> {
  await parts.clock.sleep(quietMs, signal).catch(() => {})
  if (signal.aborted) return
  await using scope = new Scope()
  try {
    const apps = createApiApps(scope, parts)
    registerPage(apps.dkron, new PageFiles(pageFolder()))
    for (const app of [apps.dkron, apps.udup])
      app.all('/*', () => {
        throw new UnavailableError(reason(parts))
      })
    await apps.listen()
  } catch (err) {
    parts.log.warn({ err }, 'the APIs cannot say that the agent waits')
  }
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

function reason({ settings, nodeName, dataDir }: WaitingParts): string {
  const why = `node ${nodeName} is not part of its cluster yet: it waits for`
  if (settings.nats !== 'embedded') return `${why} the NATS at ${parseServerUrl(settings.nats).servers.join(', ')}`
  const record = new ClusterRecordFile(dataDir).read()
  if (record === null || record.role === 'client') {
    const known = new Set([...(record?.servers ?? []).map(({ clientAddress }) => clientAddress), ...settings.join])
    const others = [...known].filter((address) => !ownAddresses(settings).includes(address))
    return `${why} an agent at ${others.join(', ')}; see there, and in this agent's log`
  }
  if (record.servers.length < 2) return `${why} its own NATS server`
  const names = record.servers.map((seat) => `${seat.nodeName} (${seat.clientAddress})`).join(', ')
  return `${why} most of the nodes with NATS servers, ${names}; start those that are down`
}
