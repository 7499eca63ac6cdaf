/** Instants as text. The wire has RFC 3339 or epoch ms; people read their own time zone, with UTC on request. */

/** Epoch ms; null for what is no time. */
export function epochMs(at: string | number | null | undefined): number | null {
  if (at === null || at === undefined || at === '') return null
  const ms = typeof at === 'number' ? at : Date.parse(at)
  return Number.isNaN(ms) ? null : ms
}

const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }
const day: Intl.DateTimeFormatOptions = { year: 'numeric', month: '2-digit', day: '2-digit' }

/** `14:03:09` for today, `2026-11-22 14:03:09` else, in `timeZone` or the user's own. */
export function momentText(atMs: number, nowMs: number, timeZone?: string): string {
  const date = dayText(atMs, timeZone)
  const time = new Intl.DateTimeFormat('en-GB', { ...clock, timeZone }).format(atMs)
  return date === dayText(nowMs, timeZone) ? time : `${date} ${time}`
}

/** `2026-11-22`, in `timeZone` or the user's own. */
export function dayText(atMs: number, timeZone?: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', { ...day, timeZone }).formatToParts(atMs)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}`
}

/** `2026-11-22 13:03:09.120 UTC`. */
export function utcText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, -1).replace('T', ' ')} UTC`
}

/** What the browser says the user's time zone is. */
export function ownTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}
