/** The charts of docs/performance.md. */
import type { ToldFigure } from '../figures.ts'
import type { Results } from '../tell-results.ts'
import { type BarGroup, drawBars } from './bar-chart.ts'
import { type DotRow, drawDots } from './dot-chart.ts'
import { figureOf, kindNames, kinds } from './find-figure.ts'
import type { Tone } from './svg.ts'

export interface Chart {
  readonly name: string
  readonly title: string
  /** Null when the run did not measure what it shows. */
  readonly svg: string | null
}

const followers: readonly { readonly name: string; readonly label: string; readonly tone: Tone }[] = [
  { name: 'native-1', label: 'native, 1 worker', tone: 'peer' },
  { name: 'native-4', label: 'native, 4 workers', tone: 'peer-2' },
  { name: 'millrace', label: 'Millrace', tone: 'ours' },
  { name: 'millrace-sql', label: 'Millrace by SQL', tone: 'ours-2' },
]

/** All charts there are, drawn as far as the run goes. */
export function chartsOf(results: Results): readonly Chart[] {
  return [
    { name: 'drain', title: drainTitle, svg: drainChart(results) },
    { name: 'cpu', title: cpuTitle, svg: cpuChart(results) },
    { name: 'bulk', title: bulkTitle, svg: bulkChart(results) },
    { name: 'lag', title: lagTitle, svg: lagChart(results) },
    { name: 'copy', title: copyTitle, svg: copyChart(results) },
  ]
}

const drainTitle = 'Draining a backlog of small transactions'
const cpuTitle = 'What draining costs'
const bulkTitle = 'A million rows in large transactions'
const lagTitle = 'Lag under a steady load'
const copyTitle = 'A full copy'

function drainChart(results: Results): string | null {
  const groups = kinds.flatMap((kind): readonly BarGroup[] => {
    const found = followers.flatMap(({ name, label, tone }) => {
      const figure = figureOf(results, `drain-${kind}`, `${kind}: drain by ${name}`)
      return figure === null ? [] : [{ figure, bar: { label, tone, value: figure.value, ...remark(figure) } }]
    })
    const bound = boundOf(found.find(({ bar }) => bar.tone === 'ours')?.figure)
    const bars = found.map(({ bar }) => bar)
    return bars.length === 0 ? [] : [{ label: kindNames[kind], bars, ...(bound === null ? {} : { bound }) }]
  })
  const legend = 'transactions of 4 row changes a second, from the order to go on to the last row; longer is better'
  return groups.length === 0 ? null : drawBars({ title: drainTitle, legend, groups })
}

function bulkChart(results: Results): string | null {
  const rows = kinds.flatMap((kind) =>
    ['insert', 'update', 'delete'].flatMap((work): readonly DotRow[] => {
      const dots = followers.slice(2).flatMap(({ name, tone }) => {
        const ratio = figureOf(results, `bulk-${kind}`, `${kind}: bulk ${work} by ${name}`)?.ratio
        return ratio === undefined ? [] : [{ value: ratio, tone }]
      })
      return dots.length === 0 ? [] : [{ label: `${kindNames[kind]}: ${work}`, dots }]
    }),
  )
  if (rows.length === 0) return null
  return drawDots({
    title: bulkTitle,
    legend: 'times the speed of the better native replica; blue: own choice of strategy, green: SQL; right is better',
    rows,
    ticks: [0.25, 0.5, 1, 2, 4],
    unit: 'x',
    bounds: [{ value: 1, label: 'asked' }],
    joined: false,
  })
}

function lagChart(results: Results): string | null {
  const rows = kinds.flatMap((kind) =>
    followers.slice(0, 3).flatMap(({ name, label, tone }): readonly DotRow[] => {
      const dots = ['p50', 'p99'].flatMap((part) => {
        const figure = figureOf(results, `steady-${kind}`, `${kind}: steady load, ${name}: lag ${part}`)
        return figure === null ? [] : [{ value: figure.value, tone }]
      })
      return dots.length === 0 ? [] : [{ label: `${kindNames[kind]}: ${label}`, dots }]
    }),
  )
  if (rows.length === 0) return null
  return drawDots({
    title: lagTitle,
    legend: 'from commit to commit, p50 and p99, at half of what the source can do alone; left is better',
    rows,
    ticks: [1, 10, 100],
    unit: 'ms',
    bounds: [
      { value: 10, label: 'p50' },
      { value: 50, label: 'p99' },
    ],
    joined: true,
  })
}

function cpuChart(results: Results): string | null {
  const groups = kinds.flatMap((kind): readonly BarGroup[] => {
    const bars = followers.flatMap(({ name, label, tone }) => {
      const cpu = (whose: string) =>
        figureOf(results, `drain-${kind}`, `${kind}: drain by ${name}: CPU of ${whose}`)?.value ?? null
      const [own, target] = [cpu('Millrace') ?? 0, cpu('the target server')]
      return target === null ? [] : [{ label, tone, value: own, more: target }]
    })
    return bars.length === 0 ? [] : [{ label: kindNames[kind], bars }]
  })
  const legend =
    'CPU-seconds per million row changes; full colour: Millrace, faint: the target server; shorter is better'
  return groups.length === 0 ? null : drawBars({ title: cpuTitle, legend, groups })
}

const copiers: readonly { readonly name: string; readonly tone: Tone }[] = [
  { name: 'mydumper', tone: 'peer' },
  { name: 'dump', tone: 'peer-2' },
  { name: 'millrace', tone: 'ours' },
]

function copyChart(results: Results): string | null {
  const groups = kinds.flatMap((kind): readonly BarGroup[] => {
    const figures = results.results.find(({ benchmark }) => benchmark === `copy-${kind}`)?.figures ?? []
    const rates = figures.filter(({ measure }) => measure.endsWith(': rows'))
    const bars = rates.map((figure) => {
      const label = figure.measure.replace(/: rows$/, '')
      const tone = copiers.find(({ name }) => label.toLowerCase().includes(name))?.tone ?? 'peer-2'
      return { label, tone, value: figure.value, ...remark(figure) }
    })
    const bound = boundOf(rates.find(({ targets }) => targets !== undefined))
    return bars.length === 0 ? [] : [{ label: kindNames[kind], bars, ...(bound === null ? {} : { bound }) }]
  })
  const legend = 'rows a second, keys built and everything equal at the end; longer is better'
  return groups.length === 0 ? null : drawBars({ title: copyTitle, legend, groups })
}

function remark({ ratio }: ToldFigure): { readonly remark?: string } {
  return ratio === undefined ? {} : { remark: `${ratio.toFixed(2)} x` }
}

/** The peer's value times the ratio that is asked for. */
function boundOf(figure: ToldFigure | null | undefined): number | null {
  const target = figure?.targets?.find(({ of }) => of === 'ratio')
  if (figure?.ratio === undefined || target === undefined || !('atLeast' in target)) return null
  return (figure.value / figure.ratio) * target.atLeast
}
