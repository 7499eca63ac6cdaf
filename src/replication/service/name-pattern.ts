/** Whether a name pattern (a name, one with `*` and `?`, or `/regex/`) can be used at all. */
import { RE2JS } from 're2js'
import type { NamePattern } from '../../model/replication-job.ts'

/** @returns what is wrong with it, or null */
export function namePatternProblem(pattern: NamePattern): string | null {
  if (pattern === '') return 'must not be empty'
  const hasControl = [...pattern].some((character) => character < ' ' || character === '\x7f')
  if (hasControl) return 'must not contain control characters'
  if (!isRegexPattern(pattern)) return pattern.length > 192 ? 'is longer than a name can be' : null
  if (pattern.length > 1_000) return 'is longer than 1,000 characters'
  try {
    RE2JS.compile(pattern.slice(1, -1))
    return null
  } catch {
    return 'is not a valid RE2 regular expression (look-around and back-references are not supported)'
  }
}

export function isRegexPattern(pattern: NamePattern): boolean {
  return pattern.length > 2 && pattern.startsWith('/') && pattern.endsWith('/')
}
