/** Comparing versions such as 2.10.23 by their numbers. */

/** The first dotted number in a text, for example `2.15.1` in `nats-server: v2.15.1`, or null. */
export function versionIn(text: string): string | null {
  return /\d+(?:\.\d+)+/.exec(text)?.[0] ?? null
}

/** True when `version` is `minimum` or newer; missing parts count as 0. */
export function isAtLeast(version: string, minimum: string): boolean {
  const parts = version.split('.').map(Number)
  const wanted = minimum.split('.').map(Number)
  for (let index = 0; index < Math.max(parts.length, wanted.length); index += 1) {
    const difference = (parts[index] ?? 0) - (wanted[index] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}
