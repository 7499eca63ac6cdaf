/** When the job runs: as it was written, in words, and the next times. */
import { useEffect, useState } from 'preact/hooks'
import { now } from '../../live/now.ts'
import { Card } from '../../ui/card.tsx'
import { Code } from '../../ui/code.tsx'
import { epochMs } from '../../ui/moments.ts'
import { sentence } from './form-fields.ts'
import { NextTimes } from './next-times.tsx'
import { usePreview } from './use-preview.ts'
import type { JobAnswer, PreviewedFire } from './wire.ts'

const shownTimes = 5

export function ScheduleCard({ job }: { readonly job: JobAnswer }) {
  const { schedule, timezone, next, disabled } = job
  const isEvery = schedule.trim().startsWith('@every')
  const [version, setVersion] = useState(0)
  // Times of `@every` count from the job's creation, so they go on from the one that the agent tells.
  const from = isEvery && next !== null ? { from: next } : {}
  const { preview } = usePreview({ schedule, timeZone: timezone, count: shownTimes, ...from }, version)
  const zone = preview?.time_zone ?? (timezone === '' ? 'UTC' : timezone)
  const fires = isEvery && next !== null ? [firstOf(next, zone), ...(preview?.next ?? [])] : (preview?.next ?? [])
  const firstAt = epochMs(fires[0]?.at)
  const hasPassed = firstAt !== null && firstAt <= now.value
  useEffect(() => {
    if (hasPassed && !isEvery) setVersion((before) => before + 1)
  }, [hasPassed, firstAt, isEvery])
  return (
    <Card title="Schedule" note={<Code text={schedule} />} class="schedule-card">
      <p class="helper-words">{preview === null ? '\u00a0' : `${sentence(preview.words)}.`}</p>
      <p class="helper-note">{noteOf(disabled, fires.length, zone)}</p>
      {!disabled && <NextTimes fires={fires.slice(0, shownTimes)} timeZone={zone} room={shownTimes} />}
    </Card>
  )
}

function noteOf(disabled: boolean, count: number, zone: string): string {
  if (disabled) return 'Disabled: it does not run by itself until it is enabled.'
  return count === 0 ? 'It has no next time.' : `Next, by the clock of ${zone}`
}

/** The first time as the agent's answer to the schedule would spell it. */
function firstOf(at: string, timeZone: string): PreviewedFire {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  return { at, local: format.format(Date.parse(at)).replace(' ', 'T'), utc_offset: '', change: null }
}
