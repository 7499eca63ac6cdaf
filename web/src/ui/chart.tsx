/** A chart over time (uPlot, which comes as a chunk of its own when the first one is shown). */
import { useEffect, useRef } from 'preact/hooks'
import type { DrawnChart } from './drawn-chart.ts'
import { themeVersion } from './theme.ts'

export interface ChartSeries {
  readonly label: string
  readonly values: readonly (number | null)[]
  /** A custom property, `--chart-1` for example; one after the other unless told. */
  readonly color?: string
  /** Filled down to zero. */
  readonly isFilled?: boolean
}

export interface ChartProps {
  /** What it shows, in words. */
  readonly label: string
  /** Epoch ms, ascending. */
  readonly at: readonly number[]
  readonly series: readonly ChartSeries[]
  /** A value as text, on the axis and under the pointer. */
  readonly format?: (value: number) => string
  /** Pixels. */
  readonly height?: number
  /** Charts of one group show the same moment under the pointer. */
  readonly group?: string
}

export function Chart(props: ChartProps) {
  const { label, height = 160 } = props
  const element = useRef<HTMLDivElement>(null)
  const drawn = useRef<DrawnChart | null>(null)
  const newest = useRef(props)
  newest.current = props
  const version = themeVersion.value
  const shape = props.series.map((one) => `${one.label} ${one.color} ${one.isFilled}`).join()

  useEffect(() => {
    let isGone = false
    void import('./drawn-chart.ts').then(({ drawChart }) => {
      if (!isGone && element.current !== null) drawn.current = drawChart(element.current, () => newest.current)
    })
    return () => {
      isGone = true
      drawn.current?.remove()
      drawn.current = null
    }
  }, [shape, version, height])

  useEffect(() => drawn.current?.update())

  return <div class="chart" ref={element} role="img" aria-label={label} style={{ blockSize: `${height}px` }} />
}
