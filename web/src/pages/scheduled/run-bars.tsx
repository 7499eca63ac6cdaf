/** How long the last runs took, and how they ended: one bar each. */
import { durationText } from '../../ui/amounts.ts'
import { barPaths } from './bar-paths.ts'
import type { RecentRun } from './wire.ts'

export interface RunBarsProps {
  /** The newest last. */
  readonly runs: readonly RecentRun[]
  readonly width?: number
  readonly height?: number
}

export function RunBars({ runs, width = 96, height = 22 }: RunBarsProps) {
  const label = barsText(runs)
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      {barPaths(runs, width, height).map(({ tone, d }) => (
        <path key={tone} class={`spark-bar is-${tone}`} d={d} />
      ))}
    </svg>
  )
}

/** The same in words. */
function barsText(runs: readonly RecentRun[]): string {
  if (runs.length === 0) return 'no runs yet'
  const succeeded = runs.filter(({ outcome }) => outcome === 'succeeded').length
  const times = runs.flatMap(({ duration_ms: ms }) => (ms === null ? [] : [ms]))
  const longest = times.length === 0 ? '' : `, the longest took ${durationText(Math.max(...times))}`
  return `${succeeded} of the last ${runs.length} runs succeeded${longest}`
}
