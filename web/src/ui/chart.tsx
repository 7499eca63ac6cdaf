/** A chart over time (uPlot, which comes as a chunk of its own when the first one is shown). */
import { useEffect, useRef } from 'preact/hooks'
import type { ChartProps } from './chart-props.ts'
import type { DrawnChart } from './drawn-chart.ts'
import { themeVersion } from './theme.ts'

export type { ChartProps, ChartSeries } from './chart-props.ts'

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
