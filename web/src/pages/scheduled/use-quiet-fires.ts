/** Fires as they are shown: nothing moves under a pointer, a focus or an output that is read. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { newerThan } from './fire-history.ts'
import type { Fire } from './wire.ts'

/** @param isReading an output is open */
export function useQuietFires(fires: readonly Fire[], isReading: boolean) {
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
