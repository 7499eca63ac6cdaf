/**
 * One tag of a job: what a node's tag must be, and on how many such nodes the job runs.
 *
 * Easy to get wrong: a pattern must match the whole tag value, `web` does not match `webmail`. Patterns run in a
 * linear-time engine (RE2 syntax), so that none of them can stop the agent.
 */
import { RE2JS } from 're2js'

export interface TagRule {
  /** The value itself, or a pattern for it. */
  readonly pattern: string
  /** At most this many nodes; null: all that match. */
  readonly count: number | null
}

export type ParsedTag =
  | { readonly kind: 'rule'; readonly rule: TagRule }
  | { readonly kind: 'invalid'; readonly message: string }

const longestTag = 1_000
// Text after the last colon that holds a character of pattern syntax is part of the pattern, as in `(?:a|b)`.
const withCount = /^(.*)(?<!\\):([^:()|[\]?*{}\\^$]*)$/s
const compiled = new Map<string, RE2JS | null>()
const mostCompiled = 1_000

/** Reads `value`, `pattern` or either followed by `:count`. A colon of the value itself is written `\:`. */
export function parseTag(text: string): ParsedTag {
  if (text.length > longestTag) return invalid(`must have at most ${longestTag} characters`)
  const match = withCount.exec(text)
  const pattern = match?.[1] ?? text
  const count = match === null ? null : countOf(match[2] ?? '')
  if (count === undefined)
    return invalid(
      String.raw`must have a whole number of at least 1 after the colon (write \: for a colon of the value)`,
    )
  if (compile(pattern) === null) return invalid('must be a value or a regular expression (RE2 syntax)')
  return { kind: 'rule', rule: { pattern, count } }
}

/** True when the whole of `value` is the rule's value or matches its pattern. */
export function matchesTag(rule: TagRule, value: string): boolean {
  return value === rule.pattern || (compile(rule.pattern)?.matches(value) ?? false)
}

function countOf(text: string): number | undefined {
  if (!/^\d{1,6}$/.test(text)) return undefined
  return Number(text) >= 1 ? Number(text) : undefined
}

function compile(pattern: string): RE2JS | null {
  const kept = compiled.get(pattern)
  if (kept !== undefined) return kept
  if (compiled.size >= mostCompiled) compiled.clear()
  const made = tryCompile(pattern)
  compiled.set(pattern, made)
  return made
}

function tryCompile(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern)
  } catch {
    return null
  }
}

function invalid(message: string): ParsedTag {
  return { kind: 'invalid', message }
}
