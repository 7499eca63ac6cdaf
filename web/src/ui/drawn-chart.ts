/** Draws the charts of `chart.tsx` with uPlot. Loaded when the first chart is shown. */
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { shortCountText } from './amounts.ts'
import type { ChartProps } from './chart-props.ts'
import { themeColor } from './theme.ts'

export interface DrawnChart {
  /** Shows the newest values. */
  update(): void
  remove(): void
}

const colors = ['--chart-1', '--chart-2', '--chart-3', '--chart-4']
const axisFont = '11px system-ui, sans-serif'

export function drawChart(element: HTMLElement, newest: () => ChartProps): DrawnChart {
  const plot = new uPlot(optionsOf(element, newest), dataOf(newest()), element)
  const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: element.clientHeight }))
  resize.observe(element)
  return {
    update: () => plot.setData(dataOf(newest())),
    remove() {
      resize.disconnect()
      plot.destroy()
    },
  }
}

const hours = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const clock = new Intl.DateTimeFormat('en-GB', hours)
const clockWithSeconds = new Intl.DateTimeFormat('en-GB', { ...hours, second: '2-digit' })

/** As everywhere on the page: 24 hours, seconds only where there are any. */
function clockText(epochSeconds: number): string {
  return (epochSeconds % 60 === 0 ? clock : clockWithSeconds).format(epochSeconds * 1000)
}

function dataOf({ at, series }: ChartProps): uPlot.AlignedData {
  return [at.map((ms) => ms / 1000), ...series.map(({ values }) => [...values])]
}

function optionsOf(element: HTMLElement, newest: () => ChartProps): uPlot.Options {
  const { series, format = shortCountText, group } = newest()
  const text = themeColor('--text-soft')
  const grid = { stroke: themeColor('--line'), width: 1 }
  const axis = { stroke: text, font: axisFont, ticks: { show: false }, grid }
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [8, 24, 0, 0],
    legend: { show: series.length > 1 || newest().format !== undefined, live: true },
    cursor: { y: false, points: { size: 7 }, ...(group === undefined ? {} : { sync: { key: group } }) },
    scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] } },
    axes: [
      { ...axis, size: 28, grid: { show: false }, space: 60, values: (_plot, seconds) => seconds.map(clockText) },
      { ...axis, size: 56, space: 28, values: (_plot, values) => values.map((value) => format(value)) },
    ],
    series: [
      { label: 'at', value: (_plot, seconds) => (seconds === null ? '–' : clockText(seconds)) },
      ...series.map((one, index) => seriesOptions(one, index, format)),
    ],
  }
}

function seriesOptions(
  { label, color, isFilled = true }: ChartProps['series'][number],
  index: number,
  format: (value: number) => string,
): uPlot.Series {
  const stroke = themeColor(color ?? colors[index % colors.length] ?? '--chart-1')
  return {
    label,
    stroke,
    width: 1.5,
    points: { show: false },
    value: (_plot, value) => (value === null ? '–' : format(value)),
    ...(isFilled ? { fill: stroke.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.12)') } : {}),
  }
}
