/**
 * Keeps an agent connected to its node's runner: finds it, starts it when there is none, and again when it dies.
 *
 * Easy to get wrong: when a connection is lost, nothing is known about the call that was under way. Calls are made
 * so that they can be repeated.
 */
import { join } from 'node:path'
import { type BackoffPolicy, backoffMs } from '../core/backoff.ts'
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { RunnerUnavailableError, RunnerVersionError } from './errors.ts'
import type { Hello, RunnerEvent, RunnerMethod, RunnerMethods } from './runner/protocol.ts'
import { logFileName, protocolVersion } from './runner/protocol.ts'
import { RunnerConnection } from './runner-connection.ts'
import { startRunnerProcess } from './runner-process.ts'

const retry: BackoffPolicy = { firstMs: 100, maxMs: 5_000 }
/** A runner reads its journal before it listens. */
const startLimitMs = 20_000
const startPollMs = 25
const callWaitMs = 10_000

export interface RunnerLinkOptions {
  readonly dir: string
  readonly hello: Hello
  readonly clock: Clock
  readonly log: Log
  readonly onEvent: (event: RunnerEvent) => void
  /** A new connection stands, perhaps to a new runner. */
  readonly onConnected: () => void
}

export class RunnerLink {
  readonly #options: RunnerLinkOptions
  readonly #closing = new AbortController()
  #connection: Promise<RunnerConnection> | null = null
  #keeping: Promise<void> = Promise.resolve()

  constructor(options: RunnerLinkOptions) {
    this.#options = options
  }

  /** @throws RunnerVersionError, or RunnerUnavailableError when it can't be started */
  async open(): Promise<void> {
    const connection = await this.#firstConnection()
    this.#connection = Promise.resolve(connection)
    this.#options.onConnected()
    this.#keeping = this.#keepFrom(connection)
  }

  /** Waits a while for a connection when there is none. @throws as `RunnerConnection.call` */
  async call<Method extends RunnerMethod>(
    method: Method,
    params: RunnerMethods[Method]['params'],
  ): Promise<RunnerMethods[Method]['answer']> {
    return (await this.#connected()).call(method, params)
  }

  /** Ends the connection; the runner and its commands go on. */
  async close(): Promise<void> {
    this.#closing.abort(new RunnerUnavailableError('the connection to the runner was closed'))
    const connection = this.#connection
    this.#connection = null
    await connection?.then(
      (open) => open.close(),
      () => {},
    )
    await this.#keeping
  }

  async #connected(): Promise<RunnerConnection> {
    const connection = this.#connection
    if (connection === null) throw new RunnerUnavailableError('there is no connection to the runner')
    const waited = new AbortController()
    const limit = this.#options.clock.sleep(callWaitMs, waited.signal).then(() => {
      throw new RunnerUnavailableError('the runner is not back yet')
    })
    limit.catch(() => {})
    try {
      return await Promise.race([connection, limit])
    } finally {
      waited.abort('connected')
    }
  }

  async #keepFrom(first: RunnerConnection): Promise<void> {
    for (let connection = first; ; ) {
      await connection.closed
      if (this.#closing.signal.aborted) return
      this.#options.log.warn({}, 'the runner is gone, starting it again')
      const again = this.#reconnect()
      again.catch(() => {})
      this.#connection = again
      try {
        connection = await again
      } catch {
        return
      }
      this.#options.onConnected()
    }
  }

  /** A runner that was found may just be dying, or ending by itself: then the next try starts one. */
  async #firstConnection(): Promise<RunnerConnection> {
    const { clock } = this.#options
    const endAtMs = clock.monotonicMs() + startLimitMs
    for (;;) {
      try {
        return await this.#connect()
      } catch (error) {
        if (!(error instanceof RunnerUnavailableError) || clock.monotonicMs() > endAtMs) throw error
        await clock.sleep(startPollMs)
      }
    }
  }

  /** Tries until it stands. @throws only when closing */
  async #reconnect(): Promise<RunnerConnection> {
    const { clock, log, dir } = this.#options
    for (let attempt = 1; ; attempt += 1) {
      this.#closing.signal.throwIfAborted()
      try {
        return await this.#connect()
      } catch (error) {
        log.error({ err: messageOf(error), runnerLog: join(dir, logFileName), attempt }, 'the runner cannot be started')
        await clock.sleep(backoffMs(retry, attempt, Math.random), this.#closing.signal)
      }
    }
  }

  async #connect(): Promise<RunnerConnection> {
    const connection = (await this.#tryConnect()) ?? (await this.#startAndConnect())
    try {
      const answer = await connection.call('hello', this.#options.hello)
      if (answer.version === protocolVersion) return connection
      const { willEnd } = await connection.call('shutdown', null)
      if (!willEnd) throw new RunnerVersionError(answer.version, protocolVersion, answer.pid)
      await connection.closed
    } catch (error) {
      connection.close()
      throw error
    }
    return this.#connect()
  }

  async #startAndConnect(): Promise<RunnerConnection> {
    const { dir, clock, hello } = this.#options
    const started = startRunnerProcess(dir, hello.env)
    const endAtMs = clock.monotonicMs() + startLimitMs
    for (;;) {
      await clock.sleep(startPollMs, this.#closing.signal)
      const connection = await this.#tryConnect()
      if (connection !== null) return connection
      if (started.hasFailed || clock.monotonicMs() > endAtMs)
        throw new RunnerUnavailableError(`the runner does not start; ${join(dir, logFileName)} says why`)
    }
  }

  async #tryConnect(): Promise<RunnerConnection | null> {
    try {
      const { dir, onEvent, clock } = this.#options
      return await RunnerConnection.open(dir, onEvent, () => clock.now())
    } catch (error) {
      if (error instanceof RunnerUnavailableError) return null
      throw error
    }
  }
}
