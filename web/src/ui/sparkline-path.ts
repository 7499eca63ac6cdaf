/** The points of a sparkline, and the line through them. */

export interface SparkPoint {
  readonly value: number | null
  readonly tone?: 'good' | 'bad' | 'warn' | 'busy' | 'idle'
  readonly title?: string
}

/** One stroke for each run of known values. */
export function linePath(points: readonly SparkPoint[], top: number, width: number, height: number): string {
  const step = points.length > 1 ? width / (points.length - 1) : 0
  let isDrawing = false
  return points
    .map(({ value }, index) => {
      if (value === null) {
        isDrawing = false
        return ''
      }
      const command = isDrawing ? 'L' : 'M'
      isDrawing = true
      return `${command}${(index * step).toFixed(1)} ${(height - 1 - (value / top) * (height - 2)).toFixed(1)}`
    })
    .join('')
}
