/**
 * Durations as Go's `time.ParseDuration` reads them: `1h30m`, `1.5h`, `500ms`.
 *
 * Easy to get wrong: `m` is minutes and `ms` is milliseconds; a number without a unit is an error, except `0`.
 */
const nanosecondsOf: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  // The two signs for micro: U+00B5 and the Greek letter U+03BC.
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

const term = /(\d*)(?:\.(\d*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y
/** Go holds a duration in a signed 64-bit count of nanoseconds, some 292 years. */
const longestNs = 2n ** 63n - 1n

/** @returns nanoseconds, or null when `text` is not a Go duration or is too long for one */
export function parseGoDuration(text: string): bigint | null {
  const isNegative = text.startsWith('-')
  const body = text.replace(/^[+-]/, '')
  if (body === '0') return 0n
  if (body === '') return null
  let totalNs = 0n
  term.lastIndex = 0
  while (term.lastIndex < body.length) {
    const match = term.exec(body)
    if (match === null) return null
    const [, whole = '', fraction = '', unit = ''] = match
    if (whole === '' && fraction === '') return null
    const unitNs = nanosecondsOf[unit] ?? 0n
    totalNs += BigInt(whole || '0') * unitNs + (BigInt(fraction || '0') * unitNs) / 10n ** BigInt(fraction.length)
  }
  if (totalNs > longestNs) return null
  return isNegative ? -totalNs : totalNs
}
