/** Points on one axis, a row for each thing measured; dashed lines say what is asked. */
import { dot, drawing, line, short, type Tone, text } from './svg.ts'

export interface Dot {
  readonly value: number
  readonly tone: Tone
}

export interface DotRow {
  readonly label: string
  readonly dots: readonly Dot[]
}

export interface DotChart {
  readonly title: string
  readonly legend: string
  readonly rows: readonly DotRow[]
  /** Where the axis has a number. */
  readonly ticks: readonly number[]
  readonly unit: string
  readonly bounds: readonly { readonly value: number; readonly label: string }[]
  /** Points of a row belong together: a line joins them. */
  readonly joined: boolean
}

const width = 760
const left = 250
const right = 40
const step = 28
const headHeight = 84

/** The axis is logarithmic: twice and half are equally far from each other. */
export function drawDots({ title, legend, rows, ticks, unit, bounds, joined }: DotChart): string {
  const values = [...ticks, ...rows.flatMap(({ dots }) => dots.map(({ value }) => value))].filter((value) => value > 0)
  const [least, most] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))]
  const x = (value: number) => left + ((Math.log(value) - least) / (most - least)) * (width - left - right)
  const bottom = headHeight + rows.length * step
  const pieces = [text(16, 26, title, 'title'), text(16, 46, legend, 'quiet')]
  for (const tick of ticks)
    pieces.push(
      line(x(tick), headHeight - 4, x(tick), bottom, 'axis'),
      text(x(tick), bottom + 16, `${short(tick)} ${unit}`, 'quiet', 'middle'),
    )
  for (const { value, label } of bounds)
    pieces.push(
      line(x(value), headHeight - 10, x(value), bottom, 'bound'),
      text(x(value), headHeight - 14, label, 'bound-text', 'middle'),
    )
  rows.forEach(({ label, dots }, index) => {
    const y = headHeight + index * step + step / 2
    const places = dots.map(({ value }) => x(value))
    pieces.push(text(16, y + 4, label))
    if (joined && places.length > 1) pieces.push(line(Math.min(...places), y, Math.max(...places), y, 'link'))
    pieces.push(...dots.map(({ value, tone }) => dot(x(value), y, tone)))
  })
  return drawing(`${title}. ${legend}`, width, bottom + 30, pieces)
}
