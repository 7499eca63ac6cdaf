/** An instant (epoch ms) as RFC 3339 in UTC, or null. */
export function timeText(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString()
}
