/** The next times of a schedule: the job's clock, the user's where it differs, and what changes of the clocks do. */
import { now } from '../../live/now.ts'
import { relativeText } from '../../ui/amounts.ts'
import { Icon } from '../../ui/icon.tsx'
import { epochMs, momentText, utcText } from '../../ui/moments.ts'
import { sentence } from './form-fields.ts'
import { localText } from './preview-text.ts'
import type { PreviewedFire } from './wire.ts'
import { otherClock } from './zoned-time.tsx'

export interface NextTimesProps {
  readonly fires: readonly PreviewedFire[]
  readonly timeZone: string
  /** Room is kept for so many, so that nothing moves while one types. */
  readonly room?: number
}

export function NextTimes({ fires, timeZone, room = 0 }: NextTimesProps) {
  return (
    <ol class="next-times" style={{ minBlockSize: `${room * 1.75}rem` }}>
      {fires.map((fire) => (
        <NextTime key={fire.at} fire={fire} timeZone={timeZone} />
      ))}
    </ol>
  )
}

function NextTime({ fire, timeZone }: { readonly fire: PreviewedFire; readonly timeZone: string }) {
  const atMs = epochMs(fire.at) ?? 0
  const own = otherClock(atMs, 0, timeZone) === null ? null : ownText(atMs, fire.local)
  return (
    <li class="next-time">
      <time dateTime={fire.at} title={utcText(atMs)}>
        {localText(fire.local)}
      </time>
      <span class="next-offset">{fire.utc_offset}</span>
      <span class="next-relative">{relativeText(atMs, now.value)}</span>
      {own !== null && <span class="next-own">{own} for you</span>}
      {fire.change_text !== null && (
        <span class="next-change">
          <Icon name="warn" size={12} /> {sentence(fire.change_text)}
        </span>
      )}
    </li>
  )
}

/** The user's own clock, without the day where it is the same. */
function ownText(atMs: number, local: string): string {
  const text = momentText(atMs, 0)
  return text.startsWith(local.slice(0, 10)) ? text.slice(11) : text
}
