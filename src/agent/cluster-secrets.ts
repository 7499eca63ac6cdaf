/**
 * Everything secret that a cluster needs, derived from its one token.
 *
 * Easy to get wrong: each purpose has a key of its own (HKDF-SHA256, RFC 5869), so that what a server's configuration
 * file shows tells nothing about the others, nor about the token. The texts below are part of the contract between
 * versions: a changed one locks every older agent out.
 */
import { hkdfSync } from 'node:crypto'
import { SecretBox } from '../core/secret-box.ts'

/** What the embedded NATS servers ask for. */
export interface NatsPasswords {
  readonly clientPassword: string
  readonly systemPassword: string
  readonly routePassword: string
}

/** The user names that go with the passwords. */
export const clientUser = 'millrace'
export const systemUser = 'system'

const keyBytes = 32

export class ClusterSecrets {
  readonly #token: string

  constructor(token: string) {
    this.#token = token
  }

  /** What agents and servers of the cluster use among each other. */
  get passwords(): NatsPasswords {
    return this.#passwordsFor('')
  }

  /**
   * What only the taking part in one attempt to form the cluster anew know: a server with these answers to nobody else.
   *
   * @param attempt its id
   */
  attemptPasswords(attempt: string): NatsPasswords {
    return { ...this.#passwordsFor(` attempt ${attempt}`), routePassword: this.passwords.routePassword }
  }

  /** Seals the seal key, which all agents share through the cluster's own records. */
  get keyBox(): SecretBox {
    return new SecretBox(this.#derive('seal key'))
  }

  #passwordsFor(suffix: string): NatsPasswords {
    return {
      clientPassword: this.#derive(`nats client${suffix}`).toString('hex'),
      systemPassword: this.#derive(`nats system${suffix}`).toString('hex'),
      routePassword: this.#derive(`nats route${suffix}`).toString('hex'),
    }
  }

  #derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#token, 'millrace', purpose, keyBytes))
  }
}
