/** Durations of the domain (milliseconds) as the API spells them (Go's `time.Duration`, `1m30s`). */
import { parseGoDuration } from '../../schedule/grammar/go-duration.ts'

/** @returns milliseconds, rounded up; null when `text` is no duration or a negative one */
export function durationMs(text: string): number | null {
  const nanoseconds = parseGoDuration(text.trim())
  if (nanoseconds === null || nanoseconds < 0n) return null
  return Number((nanoseconds + 999_999n) / 1_000_000n)
}

/** As Go's `Duration.String` writes it: `1m30s`, `1h0m0s`, `250ms`, `0s`. */
export function durationText(ms: number): string {
  if (ms === 0) return '0s'
  if (ms < 1_000) return `${ms}ms`
  const seconds = `${(ms % 60_000) / 1_000}s`
  if (ms < 60_000) return seconds
  const minutes = `${Math.floor(ms / 60_000) % 60}m${seconds}`
  return ms < 3_600_000 ? minutes : `${Math.floor(ms / 3_600_000)}h${minutes}`
}
