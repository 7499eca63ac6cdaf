/** Connection checks of this node, with passwords in all the forms that jobs have. */
import type { Secret, ServerAddress } from '../../model/replication-job.ts'
import type { CheckRequest, ConnectionCheck } from '../preflight/check-result.ts'
import { failedCheck, failureOf } from '../preflight/connection-check.ts'
import { SecretUnavailableError } from './errors.ts'
import { openPassword, type PasswordSources } from './open-password.ts'

export interface CheckedServer extends Omit<ServerAddress, 'password'> {
  readonly password: Secret | { readonly kind: 'clear'; readonly text: string }
}

export interface WantedCheck extends Omit<CheckRequest, 'server'> {
  readonly server: CheckedServer
}

export interface ConnectionChecksParts extends PasswordSources {
  /** Does one; see preflight/forked-checks.ts. */
  check(request: CheckRequest): Promise<ConnectionCheck>
}

export class ConnectionChecks {
  readonly #parts: ConnectionChecksParts

  constructor(parts: ConnectionChecksParts) {
    this.#parts = parts
  }

  /** What goes wrong with the server or the password is in the answer. @throws UnavailableError when too many are under way */
  async check({ server, ...wanted }: WantedCheck): Promise<ConnectionCheck> {
    const { host, port, user } = server
    let password: string
    try {
      password = await this.#passwordOf(server)
    } catch (error) {
      if (error instanceof SecretUnavailableError) return failedCheck(failureOf(error))
      throw error
    }
    return this.#parts.check({ ...wanted, server: { host, port, user, password } })
  }

  async #passwordOf({ password, ...address }: CheckedServer): Promise<string> {
    return password.kind === 'clear' ? password.text : openPassword({ ...address, password }, this.#parts)
  }
}
