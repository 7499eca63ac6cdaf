/** Instants and amounts inside text and tables. What is not known is a dash. */
import { now } from '../live/now.ts'
import { bytesText, countText, durationText, relativeText } from './amounts.ts'
import { epochMs, momentText, ownTimeZone, utcText } from './moments.ts'

export interface TimeTextProps {
  /** RFC 3339 or epoch ms. */
  readonly at: string | number | null | undefined
  /** `both`: the time and how long ago. */
  readonly show?: 'relative' | 'absolute' | 'both'
  /** IANA name; the user's own unless told. */
  readonly timeZone?: string
  /** What stands where there is no time. */
  readonly none?: string
}

export function TimeText({ at, show = 'relative', timeZone, none = '–' }: TimeTextProps) {
  const ms = epochMs(at)
  if (ms === null) return <span class="is-none">{none}</span>
  const absolute = momentText(ms, now.value, timeZone)
  const relative = relativeText(ms, now.value)
  const title = `${momentText(ms, 0, timeZone)} ${timeZone ?? ownTimeZone()}\n${utcText(ms)}`
  return (
    <time class="time" dateTime={new Date(ms).toISOString()} title={title}>
      {show === 'absolute' ? (
        absolute
      ) : show === 'relative' ? (
        relative
      ) : (
        <>
          {absolute} <span class="time-relative">{relative}</span>
        </>
      )}
    </time>
  )
}

export function Duration({ ms }: { readonly ms: number | null | undefined }) {
  if (ms === null || ms === undefined) return <span class="is-none">–</span>
  return <span class="amount">{durationText(ms)}</span>
}

/** How long something has gone on, ticking. */
export function Elapsed({ since }: { readonly since: string | number | null | undefined }) {
  const ms = epochMs(since)
  return <Duration ms={ms === null ? null : Math.max(0, Math.floor((now.value - ms) / 1000) * 1000)} />
}

export function Bytes({ value }: { readonly value: number | null | undefined }) {
  if (value === null || value === undefined) return <span class="is-none">–</span>
  return (
    <span class="amount" title={`${countText(value)} bytes`}>
      {bytesText(value)}
    </span>
  )
}

export function Count({ value }: { readonly value: number | null | undefined }) {
  if (value === null || value === undefined) return <span class="is-none">–</span>
  return <span class="amount">{countText(value)}</span>
}
