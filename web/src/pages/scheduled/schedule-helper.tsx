/** What a schedule means: in words, and its next times. As high whatever it says, so that nothing moves. */
import { Skeleton } from '../../ui/states.tsx'
import { sentence } from './form-fields.ts'
import { NextTimes } from './next-times.tsx'
import type { PreviewAnswer } from './use-preview.ts'

export interface ScheduleHelperProps {
  readonly answer: PreviewAnswer
  /** Nothing is typed. */
  readonly isEmpty: boolean
  /** For how many times. */
  readonly room: number
}

export function ScheduleHelper({ answer, isEmpty, room }: ScheduleHelperProps) {
  const { preview, isOld } = answer
  const isFirst = preview === null && answer.error === null && !isEmpty
  return (
    <section class="helper" aria-label="What the schedule means" data-old={isOld || undefined}>
      <p class="helper-words" aria-live="polite">
        {wordsOf(answer, isEmpty)}
      </p>
      <p class="helper-note">{noteOf(answer)}</p>
      {isFirst ? (
        <Skeleton lines={room - 2} label="Asking for the next times" />
      ) : (
        <NextTimes fires={preview?.next ?? []} timeZone={preview?.time_zone ?? 'UTC'} room={room} />
      )}
    </section>
  )
}

function wordsOf({ preview, error }: PreviewAnswer, isEmpty: boolean): string {
  if (isEmpty) return 'What you type is explained here, with the next times.'
  if (preview !== null) return `${sentence(preview.words)}.`
  if (error === null) return ''
  return error.issues.length > 0 ? 'This is not a schedule yet.' : `${sentence(error.message)}.`
}

function noteOf({ preview }: PreviewAnswer): string {
  if (preview === null) return ''
  if (preview.next.length === 0) return 'There is no next time.'
  return `The next times, by the clock of ${preview.time_zone}`
}
