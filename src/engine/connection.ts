/**
 * One connection to NATS, for everything a process does with it.
 *
 * It reconnects for ever. Easy to get wrong: the client sends nothing again that was under way when a connection broke,
 * and waits for its whole time-out; `call` fails such requests at once instead, and `retry` repeats them, which is for
 * requests only that may happen twice.
 */
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { errors, type NatsConnection } from '@nats-io/nats-core'
import { backoffMs } from '../core/backoff.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { type MillraceError, UnavailableError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { type Dialled, type DialOptions, dial } from './dial.ts'
import type { DialOrder } from './dial-order.ts'
import { JetStreamDisabledError, NatsTooOldError, oldestServerVersion } from './errors.ts'
import { isNoStream, natsError } from './nats-errors.ts'
import { parseServerUrl } from './server-url.ts'
import { isVersionAtLeast } from './server-version.ts'

/** Short, because a server that died answers nothing; whatever was asked is asked again, of its follower. */
const requestTimeoutMs = 3_000
const retryBackoff = { firstMs: 20, maxMs: 1_000 }
const connectBackoff = { firstMs: 100, maxMs: 2_000 }
/** Timers hold no more. */
const longestTimeoutMs = 2_147_483_647

export interface ConnectionOptions extends DialOptions {
  readonly log: Log
  /** Copies of each stream that is made; 1 unless the cluster has three servers. */
  readonly replicas?: number
  /** JetStream domain; empty or absent for none. */
  readonly domain?: string
  /** False for a connection to the system account, which has none. */
  readonly needsJetStream?: boolean
  /** Stops waiting for the first connection. */
  readonly signal?: AbortSignal
  /** How long to wait for the first connection, in milliseconds; by default as long as it takes. */
  readonly connectWithinMs?: number
  readonly clock?: Clock
}

export interface RetryOptions {
  /** How long to try, in milliseconds; by default 15 s. `Infinity`: until it works. */
  readonly withinMs?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Connects, waiting for a server that is not there yet.
 *
 * @throws NatsAccessError, NatsTooOldError, JetStreamDisabledError, InvalidError (the address); UnavailableError after
 * `connectWithinMs`; the signal's reason
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { log, signal, clock = systemClock, connectWithinMs = Number.POSITIVE_INFINITY } = options
  const deadlineMs = clock.monotonicMs() + connectWithinMs
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted()
    try {
      const connection = new Connection(await dial(options), options)
      try {
        await assertUsable(connection, options.needsJetStream ?? true)
        return connection
      } catch (error) {
        await connection.close()
        throw error
      }
    } catch (cause) {
      const error = natsError(`cannot connect to NATS at ${parseServerUrl(options.url).servers.join(', ')}`, cause)
      if (!(error instanceof UnavailableError) || clock.monotonicMs() >= deadlineMs) throw error
      if (attempt % 10 === 1) log.warn({ err: error, attempt }, 'nats cannot be reached, trying again')
      await clock.sleep(backoffMs(connectBackoff, attempt, Math.random), signal)
    }
  }
}

export class Connection {
  readonly log: Log
  readonly clock: Clock
  /** Copies of each stream that is made from now on; whoever changes the cluster sets it. */
  replicas: number
  /** Only for the files of this folder. */
  readonly nats: NatsConnection
  readonly streams: JetStreamClient
  /** `$JS.API`, or the domain's own. */
  readonly apiPrefix: string
  readonly #options: ConnectionOptions
  readonly #order: DialOrder
  readonly #domain: { readonly domain?: string }
  #manager: JetStreamManager | null = null
  readonly #listeners = new Set<(isConnected: boolean) => void>()
  readonly #serverListeners = new Set<() => void>()
  #isConnected = true
  /** The client itself forgets what it knows of the server while it is not connected. */
  #lastInfo: NatsConnection['info']

  constructor({ nats, order }: Dialled, options: ConnectionOptions) {
    this.nats = nats
    this.#options = options
    this.#order = order
    this.#lastInfo = nats.info
    this.log = options.log
    this.clock = options.clock ?? systemClock
    this.replicas = options.replicas ?? 1
    this.#domain = options.domain === undefined || options.domain === '' ? {} : { domain: options.domain }
    this.apiPrefix = this.#domain.domain === undefined ? '$JS.API' : `$JS.${this.#domain.domain}.API`
    this.streams = jetstream(nats, { timeout: requestTimeoutMs, ...this.#domain })
    void this.#followStatus()
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  get isClosed(): boolean {
    return this.nats.isClosed()
  }

  /** Of the server that this is connected with, or was last. */
  get serverName(): string {
    return this.#serverInfo()?.server_name ?? ''
  }

  get serverVersion(): string {
    return this.#serverInfo()?.version ?? ''
  }

  /** The largest message in bytes, headers included. */
  get maxPayloadBytes(): number {
    return this.#serverInfo()?.max_payload ?? 1_048_576
  }

  async manager(): Promise<JetStreamManager> {
    this.#manager ??= await jetstreamManager(this.nats, {
      timeout: requestTimeoutMs,
      checkAPI: false,
      ...this.#domain,
    })
    return this.#manager
  }

  /** Which servers to try, `host:port`, when this connection breaks; those that the servers tell of come on top. */
  setServers(servers: readonly string[]): void {
    this.nats.setServers([...servers])
    for (const listener of this.#serverListeners) listener()
  }

  /** Tells when it is given other servers: whatever else uses the same ones needs them too. @returns how to unsubscribe */
  onServers(listener: () => void): () => void {
    this.#serverListeners.add(listener)
    return () => this.#serverListeners.delete(listener)
  }

  /** Leaves the server that it has for the first of these, `host:port`, that answers. */
  async moveTo(servers: readonly string[]): Promise<void> {
    this.setServers(servers)
    this.#order.prefer(servers)
    await this.nats.reconnect()
  }

  /** Whether the server at `host:port` would do for this connection: asked once, at most some seconds; never throws. */
  async wouldServe(address: string): Promise<boolean> {
    try {
      const looking = await openConnection({ ...this.#options, url: address, connectWithinMs: 0 })
      await looking.close()
      return true
    } catch {
      return false
    }
  }

  /** Tells each loss and each return of the connection. @returns how to unsubscribe */
  onChange(listener: (isConnected: boolean) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves at once when connected. @throws UnavailableError when closed for good; the signal's reason */
  whenConnected(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.isClosed) return Promise.reject(closedError())
    if (this.#isConnected) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const stop = this.onChange((isConnected) => {
        if (isConnected) settle(resolve)
        else if (this.isClosed) settle(() => reject(closedError()))
      })
      const abort = () => settle(() => reject(signal?.reason))
      const settle = (finish: () => void) => {
        stop()
        signal?.removeEventListener('abort', abort)
        finish()
      }
      signal?.addEventListener('abort', abort)
    })
  }

  /**
   * Runs one request; fails as soon as the connection breaks.
   *
   * @param what the start of the message when it fails
   * @throws errors of ours only
   */
  async call<Answer>(what: string, run: () => Promise<Answer>): Promise<Answer> {
    if (!this.#isConnected) throw new UnavailableError(`${what}: NATS is not connected`)
    let stop = () => {}
    const broken = new Promise<never>((_resolve, reject) => {
      stop = this.onChange((isConnected) => {
        if (!isConnected) reject(new UnavailableError(`${what}: the connection to NATS broke`))
      })
    })
    try {
      return await Promise.race([run(), broken])
    } catch (error) {
      throw natsError(what, error)
    } finally {
      stop()
    }
  }

  /**
   * Repeats a request that may happen twice while NATS cannot be reached.
   *
   * @throws UnavailableError after `withinMs`; any other error at once; the signal's reason
   */
  async retry<Answer>(what: string, run: () => Promise<Answer>, options: RetryOptions = {}): Promise<Answer> {
    const { withinMs = 15_000, signal } = options
    const deadlineMs = this.clock.monotonicMs() + withinMs
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.call(what, run)
      } catch (error) {
        const leftMs = deadlineMs - this.clock.monotonicMs()
        if (!(error instanceof UnavailableError) || leftMs <= 0 || this.isClosed) throw error
        await this.#pause(Math.min(leftMs, backoffMs(retryBackoff, attempt, Math.random)), leftMs, signal)
      }
    }
  }

  async close(): Promise<void> {
    await this.nats.close()
  }

  #serverInfo(): NatsConnection['info'] {
    this.#lastInfo = this.nats.info ?? this.#lastInfo
    return this.#lastInfo
  }

  /** Waits a little, and for the connection, but never past the deadline. */
  async #pause(ms: number, leftMs: number, signal: AbortSignal | undefined): Promise<void> {
    await this.clock.sleep(ms, signal)
    if (this.#isConnected) return
    const limit = AbortSignal.timeout(Math.ceil(Math.min(leftMs, longestTimeoutMs)))
    const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
    await this.whenConnected(either).catch(() => signal?.throwIfAborted())
  }

  async #followStatus(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === 'disconnect') this.#change(false)
      else if (status.type === 'reconnect') {
        this.#order.connected()
        this.#change(true)
      } else if (status.type === 'error') this.log.debug({ err: status.error }, 'nats reported an error')
    }
    this.#change(false)
  }

  #change(isConnected: boolean): void {
    if (this.#isConnected === isConnected && !this.isClosed) return
    this.#isConnected = isConnected
    const facts = { server: this.nats.getServer() }
    if (isConnected) this.log.info(facts, 'nats connected again')
    else if (!this.isClosed) this.log.warn(facts, 'nats connection lost')
    for (const listener of [...this.#listeners]) listener(isConnected)
  }
}

async function assertUsable(connection: Connection, needsJetStream: boolean): Promise<void> {
  const where = connection.nats.getServer()
  if (!isVersionAtLeast(connection.serverVersion, oldestServerVersion))
    throw new NatsTooOldError(connection.serverVersion, where)
  if (!needsJetStream) return
  const manager = await connection.manager()
  try {
    await manager.getAccountInfo()
  } catch (cause) {
    if (cause instanceof errors.RequestError || cause instanceof errors.NoRespondersError || isNoStream(cause))
      throw new JetStreamDisabledError(`the NATS server at ${where} has no JetStream; start it with -js`, { cause })
    throw cause
  }
}

function closedError(): MillraceError {
  return new UnavailableError('the connection to NATS is closed')
}
