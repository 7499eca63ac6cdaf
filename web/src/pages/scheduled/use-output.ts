/** The output of one execution while it is looked at. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { OutputBuffer } from './output-buffer.ts'
import { type FeedState, feedOutput } from './output-feed.ts'

export interface Output {
  readonly buffer: OutputBuffer
  readonly state: FeedState
  /** Begins again after a failure. */
  readonly retry: () => void
}

/**
 * However fast text comes, the page is drawn once for each picture of the screen.
 *
 * @param isRunning when it is opened; that it ends meanwhile is told by the stream itself
 */
export function useOutput(jobName: string, executionId: string, isRunning: boolean): Output {
  const buffer = useRef(new OutputBuffer()).current
  const wasRunning = useRef(isRunning)
  const [state, setState] = useState<FeedState>({ kind: 'loading' })
  const [, setDrawn] = useState(0)
  const [attempt, setAttempt] = useState(0)

  // `attempt` begins again.
  useEffect(() => {
    const ending = new AbortController()
    let picture = 0
    const draw = () => {
      picture = 0
      setDrawn(buffer.version)
    }
    const onText = () => {
      picture ||= requestAnimationFrame(draw)
    }
    void feedOutput({ jobName, executionId, buffer, onText, onState: setState }, wasRunning.current, ending.signal)
    return () => {
      ending.abort()
      cancelAnimationFrame(picture)
    }
  }, [jobName, executionId, attempt])

  return { buffer, state, retry: () => setAttempt((before) => before + 1) }
}
