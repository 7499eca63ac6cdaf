/**
 * Does something to many jobs and tells how it went: quick and without a failure by a note alone, else here.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ProgressBar } from '../../ui/progress-bar.tsx'
import { toast } from '../../ui/toast.tsx'
import { type BulkOrder, jobsText } from './bulk-orders.ts'
import { type BulkProgress, runForEach } from './bulk-run.ts'

export interface BulkDialogProps {
  readonly order: BulkOrder
  readonly names: readonly string[]
  /** When it is over and seen. `failed` has the names it did not work for, or that were not reached. */
  readonly onEnd: (failed: readonly string[]) => void
}

/** A dialog that flashes by is worse than none. */
const shownAfterMs = 400

export function BulkDialog({ order, names, onEnd }: BulkDialogProps) {
  const [wanted, setWanted] = useState(names)
  const [progress, setProgress] = useState<BulkProgress>({ done: 0, failed: [], total: names.length })
  const [isOver, setIsOver] = useState(false)
  const [isShown, setIsShown] = useState(false)
  const stop = useRef(new AbortController())

  useEffect(() => {
    const ending = new AbortController()
    stop.current = ending
    setIsOver(false)
    setProgress({ done: 0, failed: [], total: wanted.length })
    const timer = setTimeout(() => setIsShown(true), shownAfterMs)
    void runForEach(wanted, { act: order.act, onProgress: setProgress, signal: ending.signal }).then((result) => {
      clearTimeout(timer)
      setIsOver(true)
      if (result.done < result.total) return setIsShown(true)
      toast(`${jobsText(result.done)} ${order.done}`)
      onEnd([])
    })
    return () => clearTimeout(timer)
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
  const left = total - done - failed.length
  return (
    <div class="stack">
      <ProgressBar
        value={done + failed.length}
        max={total}
        label={`${order.verb} ${jobsText(total)}`}
        tone={failed.length > 0 ? 'bad' : isOver ? 'good' : 'busy'}
      />
      <p role="status">
        {jobsText(done)} {order.done}
        {failed.length > 0 && `, ${failed.length.toLocaleString('en')} failed`}
        {left > 0 && `, ${left.toLocaleString('en')} ${isOver ? 'not reached' : 'to go'}`}.
      </p>
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
