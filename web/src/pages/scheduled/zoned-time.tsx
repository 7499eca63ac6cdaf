/** An instant in the user's time zone and, where its clock shows something else, in the job's. */
import { now } from '../../live/now.ts'
import { epochMs, momentText, ownTimeZone } from '../../ui/moments.ts'
import { TimeText } from '../../ui/time-text.tsx'

export interface ZonedTimeProps {
  readonly at: string | null
  /** Of the job; null: the agent's own, which is not known here. */
  readonly timeZone: string | null
  readonly none?: string
}

export function ZonedTime({ at, timeZone, none = '–' }: ZonedTimeProps) {
  const ms = epochMs(at)
  const there = ms === null || timeZone === null ? null : otherClock(ms, now.value, timeZone)
  return (
    <span class="zoned">
      <TimeText at={at} show="both" none={none} />
      {there !== null && (
        <span class="zoned-there">
          {there} <span class="zoned-name">{timeZone}</span>
        </span>
      )}
    </span>
  )
}

/** What the clock shows in `timeZone`; null when it is what the user's own shows, or the browser does not know the zone. */
export function otherClock(atMs: number, nowMs: number, timeZone: string): string | null {
  if (timeZone === ownTimeZone()) return null
  try {
    const there = momentText(atMs, nowMs, timeZone)
    return there === momentText(atMs, nowMs) ? null : there
  } catch {
    return null
  }
}
