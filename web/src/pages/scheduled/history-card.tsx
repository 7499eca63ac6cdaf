/**
 * What became of the job's fires, newest first; one execution at a time shows its output.
 *
 * Easy to get wrong: a job may fire each second. Nothing moves under a pointer, a focus or an output that is read: newer
 * fires wait behind a button then.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation, useSearch } from 'wouter-preact'
import { paths } from '../../routes.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../ui/states.tsx'
import { newerThan, visibleFires } from './fire-history.ts'
import { FireItem } from './fire-item.tsx'
import { type History, pageSize } from './use-fire-history.ts'
import type { Fire, JobAnswer } from './wire.ts'

export interface HistoryCardProps {
  readonly job: JobAnswer
  readonly history: History
}

export function HistoryCard({ job, history }: HistoryCardProps) {
  const { open, setOpen } = useOpenExecution(job.name)
  const [limit, setLimit] = useState(pageSize)
  const { shown, waiting, release, handlers } = useQuietFires(history.fires, open !== null)
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
      {history.error !== null && history.error.status !== 404 && (
        <ErrorState error={history.error} retry={history.reload} />
      )}
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

/** The execution whose output is shown, in the address: `?run=ID`. */
function useOpenExecution(name: string) {
  const open = new URLSearchParams(useSearch()).get('run')
  const [, navigate] = useLocation()
  const setOpen = (id: string | null) =>
    navigate(paths.job(name) + (id === null ? '' : `?run=${encodeURIComponent(id)}`), { replace: true })
  return { open, setOpen }
}

function useQuietFires(fires: readonly Fire[], isReading: boolean) {
  const [isPointed, setIsPointed] = useState(false)
  const [isFocused, setIsFocused] = useState(false)
  const [newestShown, setNewestShown] = useState<string | null>(null)
  const frame = useRef<HTMLDivElement>(null)
  const isQuiet = isReading || isPointed || isFocused
  const newest = fires[0]?.group ?? null
  useEffect(() => {
    if (!isQuiet || newestShown === null) setNewestShown(newest)
    // What had the focus may be gone, of which no event tells.
    if (isFocused && frame.current?.contains(document.activeElement) !== true) setIsFocused(false)
  }, [isQuiet, newest, newestShown, isFocused])
  const waiting = isQuiet && newestShown !== null ? newerThan(fires, newestShown).length : 0
  return {
    shown: waiting === 0 ? fires : fires.slice(waiting),
    waiting,
    release: () => setNewestShown(newest),
    handlers: {
      ref: frame,
      onPointerEnter: () => setIsPointed(true),
      onPointerLeave: () => setIsPointed(false),
      onFocusCapture: () => setIsFocused(true),
      onBlurCapture: () => setIsFocused(false),
    },
  }
}

/** Opens the first execution of the run that was asked for on this page. */
function useShowExpected({ fires, expectedGroup }: History, show: (id: string) => void): void {
  const shown = useRef<string | null>(null)
  const execution = fires.find(({ group }) => group === expectedGroup)?.executions[0]
  useEffect(() => {
    if (expectedGroup === null || execution === undefined || shown.current === expectedGroup) return
    shown.current = expectedGroup
    show(execution.id)
  }, [expectedGroup, execution])
}
