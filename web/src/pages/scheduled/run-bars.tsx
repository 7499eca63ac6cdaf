/** How long the last runs took, and how they ended: one bar each. */
import { durationText } from '../../ui/amounts.ts'
import { Sparkline } from '../../ui/sparkline.tsx'
import { toneOf } from './outcome-words.ts'
import type { RecentRun } from './wire.ts'

export interface RunBarsProps {
  readonly runs: readonly RecentRun[]
  readonly width?: number
  readonly height?: number
}

export function RunBars({ runs, width = 96, height = 22 }: RunBarsProps) {
  const points = runs.map(({ outcome, duration_ms: ms }) => ({
    value: ms,
    tone: toneOf[outcome],
    title: ms === null ? outcome : `${outcome}, ${durationText(ms)}`,
  }))
  return <Sparkline kind="bars" points={points} width={width} height={height} label={barsText(runs)} />
}

/** The same in words. */
function barsText(runs: readonly RecentRun[]): string {
  if (runs.length === 0) return 'no runs yet'
  const succeeded = runs.filter(({ outcome }) => outcome === 'succeeded').length
  const times = runs.flatMap(({ duration_ms: ms }) => (ms === null ? [] : [ms]))
  const longest = times.length === 0 ? '' : `, the longest took ${durationText(Math.max(...times))}`
  return `${succeeded} of the last ${runs.length} runs succeeded${longest}`
}
