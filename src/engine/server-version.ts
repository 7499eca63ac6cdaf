/**
 * Versions of nats-server, as text in and out.
 *
 * A pre-release counts as its release: `2.12.0-RC.3` has what 2.12.0 has.
 */

/** True when `version` is `wanted` or later; false for what is no version at all. */
export function isVersionAtLeast(version: string, wanted: string): boolean {
  const found = versionNumbers(version)
  const needed = versionNumbers(wanted)
  if (found === null || needed === null) return false
  for (const [place, number] of needed.entries()) {
    const difference = (found[place] ?? 0) - number
    if (difference !== 0) return difference > 0
  }
  return true
}

/** The version in the answer of `nats-server --version`, or null. */
export function versionInText(text: string): string | null {
  return /\bv?(\d+\.\d+\.\d+\S*)/.exec(text)?.[1] ?? null
}

function versionNumbers(version: string): number[] | null {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)
  return match === null ? null : match.slice(1).map(Number)
}
