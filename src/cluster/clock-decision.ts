/**
 * Whose clock is right, this machine's or the others': facts in, decision out.
 *
 * Easy to get wrong: what is compared are the members' wall clocks, not the times they keep. Kept times hold each other
 * in place: were they compared, a cluster whose machines are all set right one after the other would stay wrong for ever.
 */

/** Clocks that differ by less are one. */
export const agreeMs = 1_000
/** A larger change of the wall clock is a step: somebody or something set it. */
export const stepMs = 500
/** A wall clock that was not trusted is, when the others have been gone for so long: there is nobody to ask. */
export const alonePatienceMs = 60_000

export interface ClockFacts {
  /** This machine's wall clock minus the time that is kept, in milliseconds. */
  readonly wallMs: number
  /** The wall clocks of the other living members minus the time that is kept. */
  readonly otherWallsMs: readonly number[]
  /** This machine's wall clock was found wrong, and nothing has changed since. */
  readonly isDistrusted: boolean
  /** How long no other member has been heard. */
  readonly aloneForMs: number
}

export type ClockDecision =
  /** Keep what the wall clock says, `differenceMs` from what is kept. */
  | { readonly kind: 'wall'; readonly differenceMs: number; readonly isConfirmed: boolean }
  /** Keep what most others' wall clocks say. */
  | { readonly kind: 'others'; readonly differenceMs: number }
  /** Go on by the monotonic clock. */
  | { readonly kind: 'hold' }

export function decideClock(facts: ClockFacts): ClockDecision {
  const { wallMs, otherWallsMs, isDistrusted, aloneForMs } = facts
  if (otherWallsMs.length === 0) {
    const isStillWrong = isDistrusted && Math.abs(wallMs) > stepMs && aloneForMs < alonePatienceMs
    return isStillWrong ? { kind: 'hold' } : { kind: 'wall', differenceMs: wallMs, isConfirmed: false }
  }
  const memberCount = otherWallsMs.length + 1
  // Narrower on the way back, so that a clock at the edge does not come and go.
  const nearMs = isDistrusted ? stepMs : agreeMs
  const agreeing = otherWallsMs.filter((other) => Math.abs(other - wallMs) <= nearMs).length + 1
  if (agreeing * 2 > memberCount) return { kind: 'wall', differenceMs: wallMs, isConfirmed: true }
  const others = majorityOf(otherWallsMs, memberCount)
  if (others !== null) return { kind: 'others', differenceMs: others }
  // Nobody can tell who is right: small corrections are safe, a step is not.
  if (Math.abs(wallMs) <= stepMs && !isDistrusted) return { kind: 'wall', differenceMs: wallMs, isConfirmed: false }
  return { kind: 'hold' }
}

/** The middle of those clocks that agree with each other and are more than half of all members, or null. */
function majorityOf(clocks: readonly number[], memberCount: number): number | null {
  const sorted = clocks.toSorted((a, b) => a - b)
  const groups = sorted.map((first, from) => sorted.slice(from).filter((clock) => clock - first <= agreeMs))
  const largest = groups.toSorted((a, b) => b.length - a.length)[0] ?? []
  return largest.length * 2 > memberCount ? (largest[largest.length >> 1] ?? null) : null
}
