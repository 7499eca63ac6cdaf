/** One fire: when, and what each node made of it. */

import { now } from '../../live/now.ts'
import { epochMs } from '../../ui/moments.ts'
import { TimeText } from '../../ui/time-text.tsx'
import { ExecutionRow } from './execution-row.tsx'
import type { Fire, JobAnswer } from './wire.ts'
import { otherClock } from './zoned-time.tsx'

export interface FireItemProps {
  readonly job: JobAnswer
  readonly fire: Fire
  /** Id of the execution whose output is shown. */
  readonly open: string | null
  readonly onOpen: (id: string | null) => void
}

export function FireItem({ job, fire, open, onOpen }: FireItemProps) {
  return (
    <li class="fire">
      <div class="fire-when">
        <FireTime fire={fire} timeZone={job.timezone} />
      </div>
      <ul class="runs" aria-label={fire.scheduled_at === null ? 'run by hand' : `fire of ${fire.scheduled_at}`}>
        {fire.executions.map((execution) => (
          <ExecutionRow
            key={execution.id}
            jobName={job.name}
            execution={execution}
            isOpen={open === execution.id}
            onToggle={() => onOpen(open === execution.id ? null : execution.id)}
          />
        ))}
      </ul>
    </li>
  )
}

function FireTime({ fire, timeZone }: { readonly fire: Fire; readonly timeZone: string }) {
  const at = fire.scheduled_at ?? fire.executions[0]?.started_at ?? null
  const atMs = epochMs(at)
  const there = atMs === null || timeZone === '' ? null : otherClock(atMs, now.value, timeZone)
  return (
    <>
      <TimeText at={at} show="both" />
      {there !== null && (
        <span class="zoned-there">
          {there} {timeZone}
        </span>
      )}
      {fire.scheduled_at === null && <span class="fire-hand">by hand</span>}
    </>
  )
}
