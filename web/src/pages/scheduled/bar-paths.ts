/**
 * The last runs of a job as bars: one drawn path for each tone, however many bars there are. A list shows a hundred of
 * these, and an element for each bar would be thousands.
 */
import { toneOf } from './outcome-words.ts'
import type { RecentRun } from './wire.ts'

export interface BarPath {
  readonly tone: (typeof toneOf)[RecentRun['outcome']]
  /** What SVG calls path data. */
  readonly d: string
}

/** Room for so many at least, so that two bars are not two walls. */
const fewestBars = 12
const lowestBar = 2

/** The newest at the right edge; the longest as high as there is room. */
export function barPaths(runs: readonly RecentRun[], width: number, height: number): readonly BarPath[] {
  const longest = Math.max(1, ...runs.map(({ duration_ms: ms }) => ms ?? 0))
  const step = width / Math.max(runs.length, fewestBars)
  const left = width - step * runs.length
  const paths = new Map<BarPath['tone'], string>()
  for (const [index, { outcome, duration_ms: ms }] of runs.entries()) {
    const size = Math.max(lowestBar, ((ms ?? 0) / longest) * height)
    const bar = `M${shortText(left + index * step)} ${height}h${shortText(Math.max(1, step - 1.5))}v${shortText(-size)}h${shortText(-Math.max(1, step - 1.5))}z`
    paths.set(toneOf[outcome], (paths.get(toneOf[outcome]) ?? '') + bar)
  }
  return [...paths].map(([tone, d]) => ({ tone, d }))
}

function shortText(value: number): string {
  return String(Math.round(value * 10) / 10)
}
