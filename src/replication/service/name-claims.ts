/**
 * Which job has which name: one record a name, so that a name is unique in the cluster.
 *
 * A claim is made before its job is written and confirmed afterwards. Whoever finds a claim whose job is not there (its
 * maker died, or is just writing it) may take it over, naming the revision it saw before it looked for the job. Confirming
 * writes the claim again, so of the two that act at the same moment exactly one succeeds.
 */
import { ConflictError } from '../../core/errors.ts'
import type { Bucket, Versioned } from '../../model/bucket.ts'

export interface NameClaim {
  readonly jobId: string
}

export type HeldName = Versioned<NameClaim>

export class NameClaims {
  readonly #bucket: Bucket<NameClaim>

  constructor(bucket: Bucket<NameClaim>) {
    this.#bucket = bucket
  }

  read(name: string): Promise<HeldName | null> {
    return this.#bucket.get(name)
  }

  /**
   * @param seen the claim as it was before the caller found that no job has this name; null when there was none
   * @throws ConflictError when the claim has changed since
   */
  async claim(name: string, jobId: string, seen: HeldName | null): Promise<HeldName> {
    const value = { jobId }
    const revision =
      seen === null ? await this.#bucket.create(name, value) : await this.#bucket.update(name, value, seen.revision)
    return { key: name, value, revision }
  }

  /** The job is written. @throws ConflictError when the claim was taken over meanwhile: the job must be undone */
  async confirm(held: HeldName): Promise<void> {
    await this.#bucket.update(held.key, held.value, held.revision)
  }

  /** Gives a name back if the job still has it. */
  async release(name: string, jobId: string): Promise<void> {
    const held = await this.#bucket.get(name)
    if (held?.value.jobId !== jobId) return
    try {
      await this.#bucket.delete(name, held.revision)
    } catch (error) {
      // Somebody has taken it over already.
      if (!(error instanceof ConflictError)) throw error
    }
  }
}
