/** Asks a server of this machine about its own store, over a connection that is opened when it is first needed. */
import { isDeepStrictEqual } from 'node:util'
import { silentLog } from '../core/log.ts'
import { type Connection, type ConnectionOptions, openConnection } from './connection.ts'
import { readServerHealth } from './server-health.ts'

const connectWithinMs = 2_000

/** Where the system account of the server is found now: users may change while it runs. */
export type SystemAccess = () => Pick<ConnectionOptions, 'url' | 'auth' | 'tls' | 'name'>

export class StoreQuestion {
  readonly #access: SystemAccess
  readonly #serverName: string
  readonly #closing = new AbortController()
  #connection: Connection | null = null
  #openedWith: ReturnType<SystemAccess> | null = null

  constructor(access: SystemAccess, serverName: string) {
    this.#access = access
    this.#serverName = serverName
  }

  /** @returns why the server cannot write; null when it can, or nobody can tell. Never throws. */
  async ask(): Promise<string | null> {
    try {
      const health = await readServerHealth(await this.#connected(), this.#serverName)
      return health.writeTrouble
    } catch {
      // Whoever uses the server tells that it does not answer.
      return null
    }
  }

  /** A question that is under way is not waited for. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'))
    await this.#connection?.close()
  }

  async #connected(): Promise<Connection> {
    const { signal } = this.#closing
    const access = this.#access()
    // With a password of before it would go on trying for ever.
    if (this.#connection === null || this.#connection.isClosed || !isDeepStrictEqual(access, this.#openedWith)) {
      await this.#connection?.close()
      this.#connection = null
      const options = { log: silentLog, needsJetStream: false, connectWithinMs, signal }
      this.#connection = await openConnection({ ...access, ...options })
      this.#openedWith = access
    }
    if (signal.aborted) await this.#connection.close()
    return this.#connection
  }
}
