/**
 * What became of the job's fires, newest first; one execution at a time shows its output.
 *
 * Easy to get wrong: a job may fire each second. Nothing moves under a pointer, a focus or an output that is read: newer
 * fires wait behind a button then.
 */
import { useState } from 'preact/hooks'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states.tsx'
import { visibleFires } from './fire-history.ts'
import { FireItem } from './fire-item.tsx'
import { StaleNote } from './stale-note.tsx'
import { type History, pageSize } from './use-fire-history.ts'
import { useOpenExecution, useShowExpected } from './use-open-execution.ts'
import { useQuietFires } from './use-quiet-fires.ts'
import type { JobAnswer } from './wire.ts'

export interface HistoryCardProps {
  readonly job: JobAnswer
  readonly history: History
}

export function HistoryCard({ job, history }: HistoryCardProps) {
  const { open, isThere, setOpen } = useOpenExecution(job.name, history)
  const [limit, setLimit] = useState(pageSize)
  const { shown, waiting, release, handlers } = useQuietFires(history.fires, isThere)
  const visible = visibleFires(shown, limit, open)
  const showOlder = () => {
    setLimit(visible.length + pageSize)
    if (shown.length < visible.length + pageSize) history.loadOlder()
  }
  useShowExpected(history, (id) => {
    release()
    setOpen(id)
  })
  return (
    <Card
      title="History"
      isFlush
      class="history"
      actions={
        <span class="history-new" role="status">
          {waiting > 0 && (
            <Button size="small" icon="up" onClick={release}>
              {waiting === 1 ? 'Show 1 newer' : `Show ${waiting} newer`}
            </Button>
          )}
        </span>
      }
    >
      {history.isKnown && <StaleNote error={history.error} />}
      {!history.isKnown && history.error !== null && <ErrorState error={history.error} retry={history.reload} />}
      {!history.isKnown && history.error === null && <Skeleton lines={6} label="Loading the history" />}
      {history.isKnown && history.fires.length === 0 && <NothingYet job={job} />}
      {visible.length > 0 && (
        <div {...handlers}>
          <HistoryHead />
          <ol class="fires">
            {visible.map((fire) => (
              <FireItem key={fire.group} job={job} fire={fire} open={open} onOpen={setOpen} />
            ))}
          </ol>
        </div>
      )}
      {(history.hasOlder || visible.length < shown.length) && (
        <div class="history-more">
          <Button isBusy={history.isLoadingOlder} onClick={showOlder}>
            Show older
          </Button>
        </div>
      )}
    </Card>
  )
}

/** Readers hear the words in each row instead. */
function HistoryHead() {
  return (
    <div class="history-head" aria-hidden="true">
      <span>Fire</span>
      <span class="run-cells">
        <span>Node</span>
        <span>Outcome</span>
        <span class="is-end">Late</span>
        <span class="is-end">Took</span>
        <span class="is-end">Exit</span>
        <span class="is-end">Output</span>
      </span>
    </div>
  )
}

function NothingYet({ job }: { readonly job: JobAnswer }) {
  return (
    <EmptyState
      icon="clock"
      title="It has not run yet"
      text={
        job.next === null
          ? 'It has no next time: press “Run now” to see it at work.'
          : 'Its first run appears here by itself. Press “Run now” to see it at work before.'
      }
    />
  )
}
