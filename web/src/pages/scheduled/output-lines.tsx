/**
 * The lines of an output, of which only those in sight are drawn.
 *
 * Easy to get wrong: the end is followed while it is in sight, and no longer once somebody scrolls up; and when the oldest
 * lines go, what is read stays where it is.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { LineText } from './line-text.tsx'
import type { OutputBuffer } from './output-buffer.ts'
import { OutputRows } from './output-rows.ts'
import type { FoundOutput } from './use-output-search.ts'

export interface OutputLinesProps {
  readonly buffer: OutputBuffer
  readonly label: string
  readonly found: FoundOutput
  readonly isWrapped: boolean
  readonly isFollowing: boolean
  readonly onFollow: (isFollowing: boolean) => void
  /** What is to be seen; another object shows it again. */
  readonly target: { readonly line: number; readonly column: number } | null
  /** Is told the first line in sight. */
  readonly firstLine: { current: number }
}

/** Without wrapping, a row ends here all the same: a browser draws no line of a megabyte. */
const longestRow = 2_000
const overscan = 12

export function OutputLines(props: OutputLinesProps) {
  const { buffer, label, found, isWrapped, isFollowing, onFollow, target, firstLine } = props
  const frame = useRef<HTMLDivElement>(null)
  const { columns, rowHeight, viewHeight } = useMeasures(frame, digitsOf(buffer.end))
  const width = isWrapped ? columns : longestRow
  // A buffer that began anew has other rows.
  const rows = useMemo(() => new OutputRows(buffer, width), [buffer, width, buffer.generation])
  const [top, setTop] = useState(0)
  const vanished = rows.update()
  /** Where we have put it ourselves, until somebody scrolls. */
  const placedAt = useRef<number | null>(null)

  useLayoutEffect(() => {
    const element = frame.current
    if (element === null) return
    if (isFollowing) {
      element.scrollTop = element.scrollHeight
      placedAt.current = element.scrollTop
    } else if (vanished > 0) element.scrollTop -= vanished * rowHeight
  })
  useEffect(() => {
    const element = frame.current
    if (element === null || target === null) return
    const row = rows.rowAt(target.line, target.column)
    element.scrollTop = Math.max(0, (row + 0.5) * rowHeight - element.clientHeight / 2)
  }, [target])

  const scroll = () => {
    const element = frame.current
    if (element === null) return
    setTop(element.scrollTop)
    // We are told late of what we did ourselves, perhaps after somebody has pressed Pause.
    if (element.scrollTop === placedAt.current) return
    placedAt.current = null
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < rowHeight * 1.5
    if (isAtEnd !== isFollowing) onFollow(isAtEnd)
  }
  firstLine.current = rows.count === 0 ? 0 : rows.row(Math.min(rows.count - 1, Math.floor(top / rowHeight))).line
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan)
  const last = Math.min(rows.count, Math.ceil((top + viewHeight) / rowHeight) + overscan)
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="output-frame" ref={frame} tabIndex={0} aria-label={label} onScroll={scroll}>
      <div class="output-all" style={{ blockSize: `${rows.count * rowHeight}px` }}>
        <pre class="output-rows" style={{ insetBlockStart: `${first * rowHeight}px` }}>
          {shown.map((index) => {
            const { line, start, text } = rows.row(index)
            return (
              <div class="output-row" key={index}>
                <span class="output-number" aria-hidden="true" data-number={start === 0 ? line + 1 : ''} />
                <LineText text={text} line={line} start={start} found={found} />
                {'\n'}
              </div>
            )
          })}
        </pre>
      </div>
    </section>
  )
}

/** Sizes in pixels, of the real font in the real room. */
function useMeasures(frame: { readonly current: HTMLDivElement | null }, digits: number) {
  const [measures, setMeasures] = useState({ columns: 80, rowHeight: 18, viewHeight: 400 })
  useLayoutEffect(() => {
    const element = frame.current
    if (element === null) return
    element.style.setProperty('--digits', String(digits))
    const measure = () => {
      const probe = Object.assign(document.createElement('pre'), {
        className: 'output-probe',
        textContent: '0'.repeat(100),
      })
      element.append(probe)
      const { width, height } = probe.getBoundingClientRect()
      probe.remove()
      const room = element.clientWidth - (digits + 3) * (width / 100)
      setMeasures({
        columns: Math.max(20, Math.floor(room / (width / 100))),
        rowHeight: Math.max(1, height),
        viewHeight: element.clientHeight,
      })
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [digits])
  return measures
}

function digitsOf(lines: number): number {
  return Math.max(3, String(lines).length)
}
