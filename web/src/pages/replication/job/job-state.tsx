/** What the job does or waits for, always in the same place, with the statement that cures it where there is one. */
import { StatusMark } from '../../../ui/status-badge.tsx'
import { CuredMessage } from '../cured-message.tsx'
import { statusTone, statusWord } from '../job-words.ts'
import type { OpsJobDetails } from '../wire.ts'

const retried: Readonly<Record<string, string>> = {
  dead: 'It is tried again every 30 seconds, so it goes on by itself once that is cured.',
  pending: 'It is tried again by itself.',
}

export function JobState({ job }: { readonly job: OpsJobDetails }) {
  const { status, description } = job
  const words = retried[status]
  return (
    <section class={`rj-state is-${statusTone(job)}`} aria-label="Status">
      {/* The words below change with every report; only a change of the status itself is read out. */}
      <p class="for-readers" role="status">
        {job.name} is {statusWord(status)}
      </p>
      <StatusMark tone={statusTone(job)} />
      <div class="rj-state-text">
        <CuredMessage message={description} isOver={status !== 'dead' && status !== 'pending'} />
        {words !== undefined && <p class="rj-soft">{words}</p>}
      </div>
    </section>
  )
}
