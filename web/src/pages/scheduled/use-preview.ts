/** What a schedule means, asked of the agent while it is typed. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../../api/api-error.ts'
import { api } from '../../api/client.ts'
import type { SchedulePreview } from './wire.ts'

export interface PreviewQuestion {
  readonly schedule: string
  /** Empty: the agent's own. */
  readonly timeZone: string
  readonly count: number
  /** A stored job, whose creation is what `@every` counts from. */
  readonly job?: string | undefined
}

export interface PreviewAnswer {
  /** The newest that was understood; while something else is typed it is old. */
  readonly preview: SchedulePreview | null
  /** Why the newest was not understood. */
  readonly error: ApiError | null
  /** The answer to what is typed now has not come yet. */
  readonly isOld: boolean
}

const typingPauseMs = 250
const nothing: PreviewAnswer = { preview: null, error: null, isOld: false }

/** @param version raised to ask the same again, when the first of the times has passed */
export function usePreview(question: PreviewQuestion | null, version = 0): PreviewAnswer {
  const [answer, setAnswer] = useState<PreviewAnswer>(nothing)
  const hasAsked = useRef(false)
  const asked = question === null || question.schedule.trim() === '' ? null : JSON.stringify(bodyOf(question))

  useEffect(() => {
    if (asked === null) return setAnswer(nothing)
    setAnswer((before) => ({ ...before, isOld: true }))
    const ending = new AbortController()
    const ask = () =>
      api.send<SchedulePreview>('POST', '/ops/schedule-preview', JSON.parse(asked), { signal: ending.signal }).then(
        (preview) => setAnswer({ preview, error: null, isOld: false }),
        (error: unknown) => {
          if (!ending.signal.aborted) setAnswer({ preview: null, error: asApiError(error), isOld: false })
        },
      )
    const timer = setTimeout(() => void ask(), hasAsked.current ? typingPauseMs : 0)
    hasAsked.current = true
    return () => {
      clearTimeout(timer)
      ending.abort()
    }
  }, [asked, version])

  return answer
}

function bodyOf({ schedule, timeZone, count, job }: PreviewQuestion) {
  return { schedule, count, ...(timeZone === '' ? {} : { time_zone: timeZone }), ...(job === undefined ? {} : { job }) }
}
