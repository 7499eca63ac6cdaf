/** The figures of now, each with its last hour. */
import type { ComponentChildren } from 'preact'
import { bytesText, durationText, shortCountText } from '../../../ui/amounts.ts'
import { Card } from '../../../ui/card.tsx'
import { Chart } from '../../../ui/chart.tsx'
import { columnsOf, type History, type Measure } from '../figures/history.ts'
import type { OpsJobDetails } from '../wire.ts'

interface Shown {
  readonly measure: Measure
  readonly title: string
  /** What the line is called under the pointer. */
  readonly label: string
  readonly color: string
  readonly format: (value: number) => string
  readonly now: (job: OpsJobDetails) => number | null
}

const perSecond = (format: (value: number) => string) => (value: number) => `${format(value)}/s`

const shown: readonly Shown[] = [
  {
    measure: 'lag',
    title: 'Lag',
    label: 'lag',
    color: '--chart-2',
    format: durationText,
    now: (job) => job.lag_ms,
  },
  {
    measure: 'rows',
    title: 'Rows',
    label: 'rows',
    color: '--chart-1',
    format: perSecond(shortCountText),
    now: (job) => job.rows_per_second,
  },
  {
    measure: 'transactions',
    title: 'Transactions',
    label: 'transactions',
    color: '--chart-3',
    format: perSecond(shortCountText),
    now: (job) => job.transactions_per_second,
  },
  {
    measure: 'bytes',
    title: 'Bytes',
    label: 'bytes',
    color: '--chart-4',
    format: perSecond(bytesText),
    now: (job) => job.bytes_per_second,
  },
  {
    measure: 'backlog',
    title: 'Backlog of the stream',
    label: 'backlog',
    color: '--chart-2',
    format: bytesText,
    now: (job) => job.backlog_bytes,
  },
]

export interface JobChartsProps {
  readonly job: OpsJobDetails
  readonly history: History | null
}

export function JobCharts({ job, history }: JobChartsProps) {
  return (
    <div class="rj-charts">
      {shown.map((one) => (
        <Card key={one.measure} title={one.title} actions={<Now value={nowOf(one, job)} />}>
          <Drawn shown={one} history={history} name={job.name} />
        </Card>
      ))}
    </div>
  )
}

function Now({ value }: { readonly value: ComponentChildren }) {
  return <strong class="rj-now">{value}</strong>
}

function nowOf({ now, format }: Shown, job: OpsJobDetails): string {
  const value = job.status === 'running' ? now(job) : null
  return value === null ? '–' : format(value)
}

const chartHeight = 150

function Drawn({
  shown,
  history,
  name,
}: {
  readonly shown: Shown
  readonly history: History | null
  readonly name: string
}) {
  const { measure, title, label, color, format } = shown
  const { at, values } = history === null ? { at: [], values: [] } : columnsOf(history, measure)
  const hasValues = values.some((value) => value !== null)
  return (
    <div class="rj-chart">
      <Chart
        key={String(hasValues)}
        label={`${title} of ${name} over the last hour${hasValues ? '' : ': nothing known yet'}`}
        at={at}
        series={[{ label, values, color }]}
        format={hasValues ? format : () => ''}
        height={chartHeight}
        group={`replication ${name}`}
      />
      {!hasValues && <p class="rj-chart-empty">{history === null ? 'Loading' : 'Comes with the first reports'}</p>}
    </div>
  )
}
