/**
 * Does something to many jobs and tells how it went: quick and without a failure by a note alone, else here.
 *
 * Easy to get wrong: one may leave the page meanwhile. Nothing more is begun then, because nobody could stop it any more.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ProgressBar } from '../../ui/progress-bar.tsx'
import { toast } from '../../ui/toast.tsx'
import { useLeaveWarning } from '../../ui/use-leave-warning.ts'
import { type BulkOrder, jobsText, progressText } from './bulk-orders.ts'
import { type BulkProgress, runForEach } from './bulk-run.ts'

export interface BulkDialogProps {
  readonly order: BulkOrder
  readonly names: readonly string[]
  /** When it is over and seen. `failed` has the names it did not work for, or that were not reached. */
  readonly onEnd: (failed: readonly string[]) => void
}

/** A dialog that flashes by is worse than none. */
const shownAfterMs = 400

const leaving = {
  title: 'Leave and stop here?',
  text: 'The jobs that were not reached yet stay as they are.',
  action: 'Leave',
}

export function BulkDialog({ order, names, onEnd }: BulkDialogProps) {
  const [wanted, setWanted] = useState(names)
  const [progress, setProgress] = useState<BulkProgress>({ done: 0, failed: [], total: names.length })
  const [isOver, setIsOver] = useState(false)
  const [isShown, setIsShown] = useState(false)
  const stop = useRef(new AbortController())

  useLeaveWarning(!isOver, leaving)
  useEffect(() => {
    let isLeft = false
    const ending = new AbortController()
    stop.current = ending
    setIsOver(false)
    setProgress({ done: 0, failed: [], total: wanted.length })
    const timer = setTimeout(() => setIsShown(true), shownAfterMs)
    void runForEach(wanted, { act: order.act, onProgress: setProgress, signal: ending.signal }).then((result) => {
      clearTimeout(timer)
      if (isLeft) return toast(progressText(order, result, true), result.done < result.total ? 'bad' : 'good')
      setIsOver(true)
      if (result.done < result.total) return setIsShown(true)
      toast(`${jobsText(result.done)} ${order.done}`)
      onEnd([])
    })
    return () => {
      isLeft = true
      clearTimeout(timer)
      ending.abort()
    }
  }, [wanted])

  const failed = progress.failed.map(({ name }) => name)
  const close = () => {
    if (isOver) onEnd(failed)
    else stop.current.abort()
  }
  return (
    <Dialog
      title={isOver ? `${order.verb}: how it went` : `${order.verb} ${jobsText(progress.total)}`}
      isOpen={isShown}
      onClose={close}
      actions={
        <>
          {isOver && failed.length > 0 && <Button onClick={() => setWanted(failed)}>Try the failed ones again</Button>}
          <Button kind={isOver ? 'primary' : 'plain'} onClick={close}>
            {isOver ? 'Close' : 'Stop here'}
          </Button>
        </>
      }
    >
      <BulkResult order={order} progress={progress} isOver={isOver} />
    </Dialog>
  )
}

interface BulkResultProps {
  readonly order: BulkOrder
  readonly progress: BulkProgress
  readonly isOver: boolean
}

function BulkResult({ order, progress, isOver }: BulkResultProps) {
  const { done, failed, total } = progress
  return (
    <div class="stack">
      <ProgressBar
        value={done + failed.length}
        max={total}
        label={`${order.verb} ${jobsText(total)}`}
        tone={failed.length > 0 ? 'bad' : isOver ? 'good' : 'busy'}
      />
      <p role="status">{progressText(order, progress, isOver)}.</p>
      {failed.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <ul class="bulk-failures" tabIndex={0} aria-label="What failed">
          {failed.slice(0, 200).map(({ name, message }) => (
            <li key={name}>
              <strong>{name}</strong> <span>{message}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
