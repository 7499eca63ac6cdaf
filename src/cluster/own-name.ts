/**
 * Whether this node still has its name: one that was cut off may come back when another node has it.
 *
 * Easy to get wrong: only a claim that was read, twice, and that is newer than this node's own tells that the name is
 * lost. No answer, no record or an older one (a server that was cut off itself may still show it) ends nobody.
 */
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Member } from '../model/member.ts'
import { NodeNameTakenError } from './errors.ts'
import type { NameClaims } from './ports.ts'

const readAgainMs = 1_000

export interface OwnNameOptions {
  readonly self: Pick<Member, 'nodeId' | 'nodeName'>
  readonly names: NameClaims
  /** Null for a node that was never heard of. */
  readonly addressOf: (nodeId: string) => string | null
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

export class OwnName {
  readonly #options: OwnNameOptions
  readonly #lost = Promise.withResolvers<NodeNameTakenError>()
  #revision = Number.POSITIVE_INFINITY
  /** The look that is under way, or the one that found the name lost. */
  #looking: Promise<NodeNameTakenError | null> | null = null

  constructor(options: OwnNameOptions) {
    this.#options = options
  }

  /** Resolves when another node has the name; it is not given back. */
  get lost(): Promise<NodeNameTakenError> {
    return this.#lost.promise
  }

  /** @param revision of the record by which this node claimed its name; before that it cannot be lost */
  hold(revision: number): void {
    this.#revision = revision
  }

  /** Something speaks against it. One look at a time; never throws. */
  look(): void {
    this.#looking ??= this.#look().then((lost) => {
      if (lost === null) this.#looking = null
      else this.#lost.resolve(lost)
      return lost
    })
  }

  /** Waits for a look that is under way. @throws NodeNameTakenError when another node has the name */
  async confirm(): Promise<void> {
    const lost = await this.#looking
    if (lost !== null) throw lost
  }

  async #look(): Promise<NodeNameTakenError | null> {
    const { self, addressOf, clock, log, signal } = this.#options
    try {
      const owner = await this.#otherOwner()
      if (owner === null) return null
      await clock.sleep(readAgainMs, signal)
      if ((await this.#otherOwner()) !== owner) return null
      const { nodeId, nodeName } = self
      log.error(
        { nodeName, nodeId, takenBy: owner, address: addressOf(owner) },
        'another node took the name of this one while it was cut off: it takes no more orders and ends; give each node a --node-name of its own',
      )
      return new NodeNameTakenError(nodeName, owner, addressOf(owner))
    } catch (err) {
      log.debug({ err }, 'who has the name of this node cannot be read now')
      return null
    }
  }

  async #otherOwner(): Promise<string | null> {
    const { self, names } = this.#options
    const claim = await names.get(self.nodeName)
    if (claim === null || claim.revision <= this.#revision || claim.value.nodeId === self.nodeId) return null
    return claim.value.nodeId
  }
}
