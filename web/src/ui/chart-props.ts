/** What a chart is told. */

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
