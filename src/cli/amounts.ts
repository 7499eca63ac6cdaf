/** Numbers, sizes, durations and instants as people read them. */

/** `950 B`, `3.4 kB`, `120 MB`: powers of 1000. */
export function sizeText(bytes: number): string {
  return scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB'])
}

/** `950`, `3.4 k`, `120 M`. */
export function countText(count: number): string {
  return scaled(count, ['', 'k', 'M', 'G']).trimEnd()
}

function scaled(amount: number, units: readonly string[]): string {
  const unit = amount < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, amount)) / 3))
  const shown = amount / 1000 ** unit
  return `${unit === 0 || shown >= 100 ? Math.round(shown) : shown.toFixed(1)} ${units[unit]}`
}

/** The two largest units: `250 ms`, `2.1 s`, `3m 12s`, `4h 2m`, `3d 4h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ${Math.floor(seconds / 60) % 60}m`
  return `${Math.floor(seconds / 86_400)}d ${Math.floor(seconds / 3_600) % 24}h`
}

/** An RFC 3339 instant in UTC to the second, `2026-01-02 03:04:05`; `-` for none. */
export function instantText(instant: string | null | undefined): string {
  return instant == null || instant === '' ? '-' : instant.slice(0, 19).replace('T', ' ')
}

/** `1 job`, `2 jobs`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
