/** Bars from left to right, in groups, one colour each kind of contender; a dashed line in a group says what is asked. */
import { bar, drawing, line, short, type Tone, text } from './svg.ts'

export interface Bar {
  readonly label: string
  readonly value: number
  readonly tone: Tone
  /** Drawn behind the value in a fainter colour, as its continuation. */
  readonly more?: number
  /** Written beside the value. */
  readonly remark?: string
}

export interface BarGroup {
  readonly label: string
  readonly bars: readonly Bar[]
  /** What is asked of Millrace, in the unit of the bars. */
  readonly bound?: number
}

export interface BarChart {
  readonly title: string
  /** What the length means, and which end is good. */
  readonly legend: string
  readonly groups: readonly BarGroup[]
}

const width = 760
const left = 190
const right = 130
const barHeight = 18
const step = 24
const headHeight = 62
const groupHeight = 30

export function drawBars({ title, legend, groups }: BarChart): string {
  const longest = Math.max(
    ...groups.flatMap(({ bars, bound = 0 }) => [bound, ...bars.map(({ value, more = 0 }) => value + more)]),
  )
  const scale = (width - left - right) / longest
  const pieces = [text(16, 26, title, 'title'), text(16, 46, legend, 'quiet')]
  let y = headHeight
  for (const { label, bars, bound } of groups) {
    pieces.push(text(16, y + 16, label))
    y += groupHeight - 6
    if (bound !== undefined) pieces.push(...drawBound(bound, left + bound * scale, y, y + bars.length * step))
    for (const one of bars) {
      pieces.push(...drawBar(one, y, scale))
      y += step
    }
    y += 8
  }
  return drawing(`${title}. ${legend}`, width, y + 8, pieces)
}

function drawBound(value: number, x: number, top: number, bottom: number): readonly string[] {
  return [line(x, top - 4, x, bottom, 'bound'), text(x + 4, top - 7, `asked: ${short(value)}`, 'bound-text')]
}

function drawBar({ label, value, more = 0, tone, remark = '' }: Bar, y: number, scale: number): readonly string[] {
  const end = left + (value + more) * scale
  const told = more === 0 ? short(value) : `${short(value)} + ${short(more)}`
  return [
    text(left - 10, y + 14, label, 'quiet', 'end'),
    ...(more === 0 ? [] : [bar(left + value * scale, y, more * scale, barHeight, `${tone} faint`)]),
    ...(value === 0 ? [] : [bar(left, y, value * scale, barHeight, tone)]),
    text(end + 8, y + 14, remark === '' ? told : `${told}  (${remark})`, 'value'),
  ]
}
