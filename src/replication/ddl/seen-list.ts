/** The last statements that were seen, each once. */
import type { SeenDdl } from '../task-context.ts'

const most = 20

/**
 * Easy to get wrong: servers that tell only the second of a commit give a statement another time when it is sent again,
 * which happens to one that failed.
 *
 * @param known the oldest first
 * @returns the same with `seen`, which takes the place of an earlier try
 */
export function withSeen(known: readonly SeenDdl[], seen: SeenDdl): readonly SeenDdl[] {
  const others = known.filter((one) => !isSame(one, seen))
  return [...others, seen].toSorted((a, b) => a.at - b.at).slice(-most)
}

function isSame(known: SeenDdl, seen: SeenDdl): boolean {
  if (known.sql !== seen.sql || known.schema !== seen.schema) return false
  return known.at === seen.at || known.outcome === 'failed'
}
