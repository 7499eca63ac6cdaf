/**
 * Which nodes a job runs on: the rules of "Where a job runs" in api-dkron.md as a pure function.
 *
 * Easy to get wrong: `"web:2"` counts among the nodes that match all the tags, not among those that match that one.
 */
import type { Member } from '../model/member.ts'
import { memberTags } from '../model/member-tags.ts'
import { matchesTag, parseTag, type TagRule } from './tag-rule.ts'

export type Placement =
  | { readonly kind: 'placed'; readonly nodeNames: readonly string[] }
  | { readonly kind: 'unplaced'; readonly reason: string }

/** The nodes that match all tags of a job, and how many of them it wants. */
export interface Candidates {
  readonly nodeNames: readonly string[]
  readonly count: number | null
  /** Why there are none; empty when there are some. */
  readonly reason: string
}

/** Alive members that match every tag; the rest of the choice is `takeLeastBusy`. */
export function candidatesFor(tags: Readonly<Record<string, string>>, members: readonly Member[]): Candidates {
  const alive = members.filter((member) => member.status === 'alive')
  const rules: [string, TagRule][] = []
  for (const [name, text] of Object.entries(tags)) {
    const parsed = parseTag(text)
    if (parsed.kind === 'invalid') return none(`the tag ${name}=${text} is not valid: it ${parsed.message}`)
    rules.push([name, parsed.rule])
  }
  const nodeNames = alive.filter((member) => matchesAll(rules, memberTags(member))).map((member) => member.nodeName)
  if (nodeNames.length === 0) return none(alive.length === 0 ? 'no node is alive' : noMatch(tags))
  const counts = rules.map(([, rule]) => rule.count).filter((count) => count !== null)
  return { nodeNames, count: counts.length === 0 ? null : Math.min(...counts), reason: '' }
}

/**
 * The first `count` candidates in order of load.
 *
 * @param compareLoad negative when its first node is the less busy one
 */
export function takeLeastBusy(candidates: Candidates, compareLoad: (a: string, b: string) => number): Placement {
  const { nodeNames, count, reason } = candidates
  if (nodeNames.length === 0) return { kind: 'unplaced', reason }
  if (count === null || count >= nodeNames.length) return { kind: 'placed', nodeNames }
  return { kind: 'placed', nodeNames: nodeNames.toSorted(compareLoad).slice(0, count) }
}

function matchesAll(rules: readonly [string, TagRule][], tags: Readonly<Record<string, string>>): boolean {
  return rules.every(([name, rule]) => {
    const value = Object.hasOwn(tags, name) ? tags[name] : undefined
    return value !== undefined && matchesTag(rule, value)
  })
}

function noMatch(tags: Readonly<Record<string, string>>): string {
  const wanted = Object.entries(tags).map(([name, value]) => `${name}=${value}`)
  return `no alive node matches ${wanted.length === 1 ? 'the tag' : 'all the tags'} ${wanted.join(', ')}`
}

function none(reason: string): Candidates {
  return { nodeNames: [], count: null, reason }
}
