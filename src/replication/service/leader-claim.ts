/**
 * How a new leader makes every assignment its own before it places anything.
 *
 * It writes its term under a key of its own, then into each record. From the first write on no node starts a task for a
 * record that an older leader makes, and from the second on that leader's compare-and-set on the record fails.
 *
 * Easy to get wrong: the records are listed after the first write. What an older leader had stored before it is then in the
 * list; what it stores later is told apart by its term.
 */
import { ConflictError } from '../../core/errors.ts'
import type { Versioned } from '../../model/bucket.ts'
import { type Assignment, assignmentOf, leaderKey } from './assignment.ts'
import type { BucketView } from './bucket-view.ts'

const writesAtOnce = 16

/** @returns false when a leader of a greater term was here: this one is over @throws UnavailableError */
export async function claimAssignments(
  assignments: BucketView<Assignment>,
  term: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await claimRecord(assignments, leaderKey, term))) return false
  const older = (await assignments.bucket.list()).filter(({ value }) => value.leaderTerm < term)
  for (let first = 0; first < older.length && !signal.aborted; first += writesAtOnce) {
    const claims = older
      .slice(first, first + writesAtOnce)
      .map((held) => claimRecord(assignments, held.key, term, held))
    if ((await Promise.all(claims)).includes(false)) return false
  }
  return !signal.aborted
}

/** @returns false when the record has a greater term */
async function claimRecord(
  assignments: BucketView<Assignment>,
  key: string,
  term: number,
  known: Versioned<Assignment> | null = null,
): Promise<boolean> {
  const { bucket } = assignments
  for (let held = known ?? (await bucket.get(key)); ; held = await bucket.get(key)) {
    // Somebody has removed it: a deleted job's.
    if (held === null && key !== leaderKey) return true
    if ((held?.value.leaderTerm ?? 0) > term) return false
    if (held?.value.leaderTerm === term) return true
    const value = { ...assignmentOf(held?.value), leaderTerm: term }
    try {
      const revision = held === null ? await bucket.create(key, value) : await bucket.update(key, value, held.revision)
      assignments.noteWrite({ key, value, revision })
      return true
    } catch (error) {
      // A node has raised its owner's term meanwhile, or another leader was here.
      if (!(error instanceof ConflictError)) throw error
    }
  }
}
