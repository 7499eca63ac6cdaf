/** The two APIs' servers, guarded as the settings say, without routes. */
import type { FastifyInstance } from 'fastify'
import type { Settings } from '../config/options.ts'
import type { Log } from '../core/log.ts'
import type { Scope } from '../core/scope.ts'
import { createApi } from '../http/shared/create-api.ts'
import { openApiTokens } from './api-tokens.ts'
import { listen } from './listen.ts'

export interface ApiApps {
  readonly dkron: FastifyInstance
  readonly udup: FastifyInstance
  /** @throws PortTakenError, ListenError */
  listen(): Promise<void>
}

/** The scope closes both. @throws ApiTokenError */
export function createApiApps(
  scope: Scope,
  { settings, nodeName, log }: { readonly settings: Settings; readonly nodeName: string; readonly log: Log },
): ApiApps {
  const tokenFile = settings['api-token-file']
  const tokens = tokenFile === '' ? undefined : openApiTokens(scope, tokenFile, log)
  const options = (boundAddress: string, api: string) => ({
    nodeName,
    tokens,
    guard: { boundAddress, names: [nodeName, ...settings['allow-host']] },
    log: log.child({ component: api }),
  })
  const dkron = createApi(options(settings['http-addr'].host, 'dkron-api'))
  const udup = createApi(options(settings['udup-addr'].host, 'udup-api'))
  scope.use([dkron, udup], (apps) => Promise.all(apps.map((app) => app.close())))
  return {
    dkron,
    udup,
    async listen() {
      await listen('--http-addr', settings['http-addr'], dkron)
      await listen('--udup-addr', settings['udup-addr'], udup)
    },
  }
}
