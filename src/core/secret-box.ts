/**
 * Seals secrets at rest with AES-256-GCM (NIST SP 800-38D).
 *
 * Easy to get wrong: a box opens only with the key it was sealed with; a data directory without its key file has lost
 * the passwords of its replication jobs, and they must be given again.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const nonceBytes = 12
const tagBytes = 16

export class SecretBox {
  readonly #key: Buffer

  /** @param key 32 bytes @throws RangeError for another length */
  constructor(key: Buffer) {
    if (key.length !== 32) throw new RangeError(`the key of a secret box has 32 bytes, not ${key.length}`)
    this.#key = key
  }

  /** @returns base64 text; sealing the same text twice gives two different boxes */
  seal(secret: string): string {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
  }

  /** @throws Error when the box was sealed with another key, or altered */
  open(box: string): string {
    const bytes = Buffer.from(box, 'base64')
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, nonceBytes))
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
    const sealed = bytes.subarray(nonceBytes + tagBytes)
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8')
  }
}
