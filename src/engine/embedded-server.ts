/**
 * The NATS server that an agent runs for itself: started or adopted, and kept alive.
 *
 * Easy to get wrong: closing is not stopping. `close` leaves the server running for the next agent on this data
 * directory, which adopts it; `stop` ends it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '../core/backoff.ts'
import type { Log } from '../core/log.ts'
import { NatsReloadError } from './errors.ts'
import { findServer } from './find-server.ts'
import { dialAddress, formatAddress, parseListenAddress } from './listen-address.ts'
import {
  type ClusterBlock,
  type Credentials,
  clientCredentials,
  fixedDifferences,
  type ServerPlan,
  type ServerSecrets,
  type ServerTls,
  systemCredentials,
} from './server-config.ts'
import { prepareFolders, removeServerFiles, type StoreName, serverFiles } from './server-files.ts'
import { adopt, type Launch, launchOf, reload, start } from './server-launch.ts'
import { endServer, findRunningServer, type ServerRecord, whenEnded } from './server-process.ts'
import { StoreQuestion } from './store-question.ts'
import { watchStore } from './store-watch.ts'

const restartBackoff = { firstMs: 50, maxMs: 10_000 }
/** A server that lived this long starts its back-off anew. */
const steadyMs = 30_000

export interface EmbeddedServerOptions {
  readonly dataDir: string
  /** By default `store`. */
  readonly storeName?: StoreName
  /** `host:port` */
  readonly listen: string
  /** `host:port` that clients are told; by default what they see. */
  readonly advertise?: string | null
  /** What --nats-server names; empty or absent: found. */
  readonly serverPath?: string
  /** Its name in NATS; unique in a cluster, and the same for ever. */
  readonly serverName: string
  readonly secrets: ServerSecrets
  readonly tls?: ServerTls | null
  readonly cluster?: ClusterBlock | null
  readonly log: Log
}

/** What a running server takes over without a restart; what is absent stays. */
export interface ServerChange {
  readonly secrets?: ServerSecrets
  /** Another name, other routes, another advertised address; never another place to listen, nor more or less than it. */
  readonly cluster?: ClusterBlock
  readonly advertise?: string | null
}

export interface EmbeddedServer {
  /** `nats://host:port`, without the secret. */
  readonly url: string
  /** Of the user who owns every stream. */
  readonly credentials: Credentials
  /** Of the user of the system account. */
  readonly systemCredentials: Credentials
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  readonly version: string
  /** True when an earlier agent had started it. */
  readonly wasAdopted: boolean
  /** Calls back each time the server died and has to be started again. @returns how to unsubscribe */
  onExit(listener: () => void): () => void
  /**
   * Gives the running server other users, passwords or routes, and has it read its certificates again. Clients whose
   * password is no longer one are disconnected.
   *
   * @throws NatsReloadError when that takes a restart, or the server refused; it goes on as before then
   */
  reconfigure(change: ServerChange): Promise<void>
  /** Ends the server and waits for it. */
  stop(): Promise<void>
  /** Lets it run for the next agent, without supervision from now on. */
  close(): Promise<void>
}

/**
 * Starts the server, or adopts the one that an earlier agent left running on this store with the same addresses and
 * version; users and routes may differ.
 *
 * @throws NatsMissingError, NatsTooOldError, NatsUnusableError, NatsPortTakenError, NatsListenError, NatsStoreError,
 * NatsStartError
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const { dataDir, log, serverName, listen, secrets, advertise = null, tls = null, cluster = null } = options
  const files = serverFiles(dataDir, options.storeName)
  parseListenAddress(listen)
  const program = await findServer({ wantedPath: options.serverPath ?? '' })
  prepareFolders(dataDir, files)
  const launch = launchOf(program, { serverName, listen, advertise, files, secrets, tls, cluster })
  const adopted = await adopt(launch, log)
  return new SupervisedServer(launch, adopted ?? (await start(launch)), adopted !== null, log)
}

/** Ends whatever server runs on a store, and removes the store with all that is named after it. @throws NatsStoreError */
export async function discardStore(dataDir: string, storeName: StoreName): Promise<void> {
  await endLeftServer(dataDir, storeName)
  removeServerFiles(serverFiles(dataDir, storeName))
}

/** Ends the server that an earlier agent may have left running on a store; the store stays. */
export async function endLeftServer(dataDir: string, storeName: StoreName): Promise<void> {
  const left = findRunningServer(serverFiles(dataDir, storeName))
  if (left !== null) await endServer(left)
}

class SupervisedServer implements EmbeddedServer {
  readonly version: string
  readonly wasAdopted: boolean
  readonly #log: Log
  readonly #closing = new AbortController()
  readonly #listeners = new Set<() => void>()
  readonly #supervision: Promise<unknown>
  #launch: Launch
  #running: ServerRecord
  /** Starts and reloads, one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(launch: Launch, running: ServerRecord, wasAdopted: boolean, log: Log) {
    this.#launch = launch
    this.#running = running
    this.#log = log
    this.wasAdopted = wasAdopted
    this.version = launch.facts.version
    log.info({ pid: running.pid, version: this.version, wasAdopted }, 'embedded nats server runs')
    this.#supervision = Promise.all([this.#supervise(), this.#watchStore()])
  }

  get url(): string {
    return `nats://${dialText(this.#launch.plan)}`
  }

  get credentials(): Credentials {
    return clientCredentials(this.#launch.plan.secrets)
  }

  get systemCredentials(): Credentials {
    return systemCredentials(this.#launch.plan.secrets)
  }

  get pid(): number {
    return this.#running.pid
  }

  onExit(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  reconfigure(change: ServerChange): Promise<void> {
    return this.#exclusively(async () => {
      const { plan, programPath: path } = this.#launch
      const next = { ...plan, ...change }
      const differences = fixedDifferences(plan, next)
      if (differences.length > 0)
        throw new NatsReloadError(
          `the embedded NATS server cannot change ${differences.join(', ')} while it runs; stop it and start it anew`,
        )
      const launch = launchOf({ path, version: this.version }, next)
      this.#running = await reload(launch, this.#running)
      this.#launch = launch
      this.#log.info({ pid: this.pid }, 'embedded nats server has taken another configuration')
    })
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'))
    await this.#supervision
    await this.#turn
  }

  async stop(): Promise<void> {
    await this.close()
    await endServer(this.#running)
    this.#log.info({ pid: this.pid }, 'embedded nats server stopped')
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#closing
    let failures = 0
    while (!signal.aborted) {
      const startedMs = performance.now()
      const ended = await whenEnded(this.#running, signal).then(
        () => true,
        () => false,
      )
      if (!ended) return
      failures = performance.now() - startedMs > steadyMs ? 1 : failures + 1
      this.#log.warn({ pid: this.pid, failures }, 'embedded nats server died, starting it again')
      for (const listener of this.#listeners) listener()
      await this.#startAgain(failures)
    }
  }

  async #watchStore(): Promise<void> {
    const { signal } = this.#closing
    const { files, serverName, tls } = this.#launch.plan
    const access = () => ({ url: this.url, auth: this.systemCredentials, tls, name: `store watch ${serverName}` })
    const question = new StoreQuestion(access, serverName)
    signal.addEventListener('abort', () => void question.close(), { once: true })
    const restart = () => endServer(this.#running)
    await watchStore({ storePath: files.store, log: this.#log, trouble: () => question.ask(), restart }, signal)
  }

  async #startAgain(failuresBefore: number): Promise<void> {
    const { signal } = this.#closing
    for (let attempt = failuresBefore; !signal.aborted; attempt += 1) {
      try {
        // The first death is mended at once.
        if (attempt > 1) await sleep(backoffMs(restartBackoff, attempt - 1, Math.random), undefined, { signal })
        await this.#exclusively(async () => {
          this.#running = await start(this.#launch, signal)
        })
        this.#log.info({ pid: this.pid }, 'embedded nats server runs again')
        return
      } catch (err) {
        if (!signal.aborted) this.#log.error({ err, attempt }, 'embedded nats server does not start')
      }
    }
  }

  #exclusively(run: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(run)
    this.#turn = done.catch(() => {})
    return done
  }
}

/** Certificates name the advertised host; without them the shortest way is the best. */
function dialText({ listen, advertise, tls }: ServerPlan): string {
  if (tls !== null && advertise !== null) return advertise
  return formatAddress(dialAddress(parseListenAddress(listen)))
}
