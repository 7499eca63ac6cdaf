/** The timeline itself: an SVG as wide as there is room, a moment of which can be pointed at or reached by arrow keys. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { now } from '../../../live/now.ts'
import { momentText } from '../../../ui/moments.ts'
import { type Bar, barsOf, bucketText } from './timeline-bars.ts'
import { marksWithin } from './timeline-window.ts'
import type { TimelineAnswer } from './timeline-wire.ts'

const aboveHeight = 84
const belowHeight = 34
const lineAt = aboveHeight + 6
const height = lineAt + belowHeight + 6
const smallestBar = 3

export interface TimelinePlotProps {
  readonly timeline: TimelineAnswer
  /** Between two times written below. */
  readonly markMs: number
}

export function TimelinePlot({ timeline, markMs }: TimelinePlotProps) {
  const frame = useRef<HTMLDivElement>(null)
  const width = useWidth(frame)
  const [pointed, setPointed] = useState<number | null>(null)
  const { buckets } = timeline
  const [fromMs, toMs] = [Date.parse(timeline.from), Date.parse(timeline.to)]
  const x = (ms: number) => ((ms - fromMs) / (toMs - fromMs)) * width
  const step = width / Math.max(1, buckets.length)
  const nowIndex = Math.floor((now.value - fromMs) / ((toMs - fromMs) / Math.max(1, buckets.length)))
  const shown = pointed ?? Math.min(Math.max(nowIndex, 0), buckets.length - 1)
  const move = (event: KeyboardEvent) => {
    const next = movedTo(event.key, shown, buckets.length)
    if (next === null) return
    event.preventDefault()
    setPointed(next)
  }
  return (
    <div
      class="timeline-plot"
      ref={frame}
      role="slider"
      tabIndex={0}
      aria-label="Fires over time, one moment at a time"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, buckets.length - 1)}
      aria-valuenow={shown}
      aria-valuetext={momentWords(timeline, shown)}
      onKeyDown={move}
      onBlur={() => setPointed(null)}
      onPointerMove={(event) => setPointed(bucketAt(event, frame.current, buckets.length))}
      onPointerLeave={() => setPointed(null)}
    >
      <svg width={width} height={height} aria-hidden="true">
        {pointed !== null && <rect class="timeline-pointed" x={pointed * step} y="0" width={step} height={height} />}
        <Unknown untilX={x(Date.parse(timeline.known_from))} />
        <Marks fromMs={fromMs} toMs={toMs} markMs={markMs} x={x} />
        {barsOf(buckets).map((bar) => (
          <BarShape key={`${bar.bucket} ${bar.kind}`} bar={bar} step={step} />
        ))}
        <line class="timeline-line" x1="0" x2={width} y1={lineAt} y2={lineAt} />
        <line class="timeline-now" x1={x(now.value)} x2={x(now.value)} y1="0" y2={height} />
      </svg>
      <Times fromMs={fromMs} toMs={toMs} markMs={markMs} x={x} width={width} />
      {pointed !== null && (
        <p
          class="timeline-tip"
          style={{ insetInlineStart: `${Math.min(Math.max((pointed + 0.5) * step, 90), width - 90)}px` }}
        >
          {momentWords(timeline, pointed)}
        </p>
      )}
    </div>
  )
}

/** What was before this node looked, which it can't tell. */
function Unknown({ untilX }: { readonly untilX: number }) {
  if (!(untilX > 0)) return null
  return (
    <>
      <rect class="timeline-unknown" x="0" y="0" width={untilX} height={height} />
      {untilX > 130 && (
        <text class="timeline-unknown-text" x={untilX / 2} y={lineAt / 2}>
          not known here
        </text>
      )}
    </>
  )
}

function BarShape({ bar, step }: { readonly bar: Bar; readonly step: number }) {
  const full = bar.isAbove ? aboveHeight : belowHeight
  const size = Math.max(smallestBar, (bar.to - bar.from) * full)
  const y = bar.isAbove ? lineAt - bar.from * full - size : lineAt + bar.from * full
  const gap = Math.min(1.5, step * 0.25)
  return (
    <rect
      class={`timeline-bar is-${bar.kind}`}
      x={bar.bucket * step + gap / 2}
      y={y}
      width={Math.max(1, step - gap)}
      height={size}
      rx={Math.min(1.5, step / 4)}
    />
  )
}

interface AxisProps {
  readonly fromMs: number
  readonly toMs: number
  readonly markMs: number
  readonly x: (ms: number) => number
}

function Marks({ fromMs, toMs, markMs, x }: AxisProps) {
  return (
    <>
      {marks(fromMs, toMs, markMs).map((ms) => (
        <line key={ms} class="timeline-mark" x1={x(ms)} x2={x(ms)} y1="0" y2={height} />
      ))}
    </>
  )
}

function Times({ fromMs, toMs, markMs, x, width }: AxisProps & { readonly width: number }) {
  const isCrowded = width < 520
  return (
    <div class="timeline-times" aria-hidden="true">
      {marks(fromMs, toMs, isCrowded ? markMs * 2 : markMs)
        .filter((ms) => x(ms) > 18 && x(ms) < width - 18 && Math.abs(x(ms) - x(now.value)) > 44)
        .map((ms) => (
          <span key={ms} style={{ insetInlineStart: `${x(ms)}px` }}>
            {momentText(ms, ms).slice(0, 5)}
          </span>
        ))}
      <span class="timeline-now-text" style={{ insetInlineStart: `${x(now.value)}px` }}>
        now
      </span>
    </div>
  )
}

function marks(fromMs: number, toMs: number, stepMs: number): readonly number[] {
  return marksWithin(fromMs, toMs, stepMs, new Date(fromMs).getTimezoneOffset())
}

function momentWords({ buckets }: TimelineAnswer, index: number): string {
  const bucket = buckets[index]
  if (bucket === undefined) return 'nothing'
  const at = Date.parse(bucket.at)
  return `${momentText(at, at)}: ${bucketText(bucket)}`
}

function movedTo(key: string, index: number, count: number): number | null {
  if (key === 'ArrowRight') return Math.min(count - 1, index + 1)
  if (key === 'ArrowLeft') return Math.max(0, index - 1)
  if (key === 'Home') return 0
  return key === 'End' ? count - 1 : null
}

function bucketAt({ clientX }: PointerEvent, frame: HTMLElement | null, count: number): number | null {
  if (frame === null) return null
  const { left, width } = frame.getBoundingClientRect()
  return Math.min(count - 1, Math.max(0, Math.floor(((clientX - left) / width) * count)))
}

/** Of the element, in pixels, also when it changes. */
function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const observed = element.current
    if (observed === null) return
    setWidth(observed.clientWidth)
    const observer = new ResizeObserver(() => setWidth(observed.clientWidth))
    observer.observe(observed)
    return () => observer.disconnect()
  }, [element])
  return width
}
