/** When the job runs: as it was written, in words, and the next times. */
import { useEffect, useState } from 'preact/hooks'
import { now } from '../../live/now.ts'
import { Card } from '../../ui/card.tsx'
import { Code } from '../../ui/code.tsx'
import { epochMs } from '../../ui/moments.ts'
import { sentence } from './form-fields.ts'
import { NextTimes } from './next-times.tsx'
import { usePreview } from './use-preview.ts'
import type { JobAnswer } from './wire.ts'

const shownTimes = 5

export function ScheduleCard({ job }: { readonly job: JobAnswer }) {
  const { name, schedule, timezone, disabled } = job
  const [version, setVersion] = useState(0)
  const { preview } = usePreview({ schedule, timeZone: timezone, count: shownTimes, job: name }, version)
  const fires = preview?.next ?? []
  const firstAt = epochMs(fires[0]?.at)
  const hasPassed = firstAt !== null && firstAt <= now.value
  useEffect(() => {
    if (hasPassed) setVersion((before) => before + 1)
  }, [hasPassed, firstAt])
  return (
    <Card title="Schedule" note={<Code text={schedule} />} class="schedule-card">
      <p class="helper-words">{preview === null ? '\u00a0' : `${sentence(preview.words)}.`}</p>
      <p class="helper-note">{preview === null ? '\u00a0' : noteOf(disabled, fires.length, preview.time_zone)}</p>
      {!disabled && <NextTimes fires={fires} timeZone={preview?.time_zone ?? 'UTC'} room={roomOf(schedule)} />}
    </Card>
  )
}

/** How many times there will be, as far as one sees before the agent has told them. */
function roomOf(schedule: string): number {
  const text = schedule.trim()
  return text === '@manually' ? 0 : text.startsWith('@at') ? 1 : shownTimes
}

function noteOf(disabled: boolean, count: number, zone: string): string {
  if (disabled) return 'Disabled: it does not run by itself until it is enabled.'
  return count === 0 ? 'It has no next time.' : `Next, by the clock of ${zone}`
}
