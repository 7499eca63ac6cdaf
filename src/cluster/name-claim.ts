/**
 * One name, one node: the claim is a record that only a compare-and-set changes.
 *
 * Easy to get wrong: a node that came back with a new data directory has its old name and a new id, and must get the
 * name; so the claim of another id stands only while that node is heard.
 */
import type { Clock } from '../core/clock.ts'
import { ConflictError } from '../core/errors.ts'
import type { Member } from '../model/member.ts'
import { NodeNameTakenError } from './errors.ts'
import type { NameClaims } from './ports.ts'

const lookEveryMs = 100

export interface ClaimOptions {
  readonly self: Member
  readonly names: NameClaims
  readonly clock: Clock
  readonly failAfterMs: number
  /** What is known of a node by its heartbeats. */
  readonly lookUp: (nodeId: string) => { readonly member: Member; readonly heardCount: number } | null
}

/**
 * Takes up to `failAfterMs` when another node had the name before.
 *
 * @returns the revision of this node's claim
 * @throws NodeNameTakenError, UnavailableError
 */
export async function claimName(options: ClaimOptions): Promise<number> {
  const { self, names } = options
  const claim = { nodeId: self.nodeId }
  for (;;) {
    const known = await names.get(self.nodeName)
    if (known?.value.nodeId === self.nodeId) return known.revision
    if (known !== null) await assertSilent(options, known.value.nodeId)
    try {
      if (known === null) return await names.create(self.nodeName, claim)
      return await names.update(self.nodeName, claim, known.revision)
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }
}

async function assertSilent({ self, clock, failAfterMs, lookUp }: ClaimOptions, otherId: string): Promise<void> {
  const first = lookUp(otherId)
  if (first?.member.status === 'left') return
  const deadlineMs = clock.monotonicMs() + failAfterMs
  while (clock.monotonicMs() < deadlineMs) {
    const now = lookUp(otherId)
    const isHeard = now !== null && now.member.status !== 'left' && now.heardCount > (first?.heardCount ?? 0)
    if (isHeard && now.member.nodeName === self.nodeName)
      throw new NodeNameTakenError(self.nodeName, otherId, now.member.address)
    await clock.sleep(lookEveryMs)
  }
}
