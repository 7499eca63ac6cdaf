/** The shape of a few numbers, as small as a word. Gaps are null. */
import { linePath, type SparkPoint } from './sparkline-path.ts'

export type { SparkPoint } from './sparkline-path.ts'

export interface SparklineProps {
  readonly points: readonly (SparkPoint | number | null)[]
  /** What it shows, in words. */
  readonly label: string
  /** `bars`: one for each point, coloured by its tone. */
  readonly kind?: 'line' | 'bars'
  readonly width?: number
  readonly height?: number
  /** The value at the top; the largest unless told. */
  readonly max?: number
}

export function Sparkline({ points, label, kind = 'line', width = 96, height = 22, max }: SparklineProps) {
  const all = points.map(
    (point): SparkPoint => (typeof point === 'number' || point === null ? { value: point } : point),
  )
  const top = Math.max(max ?? 0, ...all.map(({ value }) => value ?? 0), Number.MIN_VALUE)
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      {kind === 'line' ? (
        <path class="spark-line" d={linePath(all, top, width, height)} />
      ) : (
        <Bars points={all} top={top} width={width} height={height} />
      )}
    </svg>
  )
}

interface BarsProps {
  readonly points: readonly SparkPoint[]
  readonly top: number
  readonly width: number
  readonly height: number
}

function Bars({ points, top, width, height }: BarsProps) {
  const step = width / Math.max(points.length, 12)
  const first = width - step * points.length
  return (
    <>
      {points.map(({ value, tone = 'good', title }, index) => {
        const size = Math.max(2, ((value ?? 0) / top) * height)
        return (
          <rect
            key={index}
            class={`spark-bar is-${tone}`}
            x={first + index * step}
            y={height - size}
            width={Math.max(1, step - 1.5)}
            height={size}
            rx="1"
          >
            {title !== undefined && <title>{title}</title>}
          </rect>
        )
      })}
    </>
  )
}
