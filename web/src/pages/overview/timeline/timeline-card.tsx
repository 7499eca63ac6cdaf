/** Fires past and to come, with their key and the stretch that is shown. */
import type { RefreshOn, Resource } from '../../../live/resource.ts'
import { shortCountText } from '../../../ui/amounts.ts'
import { Card } from '../../../ui/card.tsx'
import { ErrorState } from '../../../ui/states.tsx'
import { type BarKind, totalsOf } from './timeline-bars.ts'
import { TimelinePlot } from './timeline-plot.tsx'
import { type Range, ranges } from './timeline-window.ts'
import type { TimelineAnswer } from './timeline-wire.ts'

export const timelineRefresh: readonly RefreshOn[] = [{ kind: 'executions' }, { kind: 'scheduled-jobs' }]

export interface TimelineCardProps {
  readonly timeline: Resource<TimelineAnswer>
  readonly range: Range
  readonly onRange: (range: Range) => void
}

export function TimelineCard({ timeline, range, onRange }: TimelineCardProps) {
  const { data, error, reload } = timeline
  return (
    <Card
      title="Fires"
      note={data === undefined ? undefined : <Key timeline={data} />}
      actions={<RangeChoice range={range} onRange={onRange} />}
      class="timeline"
    >
      {data !== undefined ? (
        <TimelinePlot timeline={data} markMs={range.markMs} />
      ) : error !== null ? (
        <ErrorState error={error} retry={reload} />
      ) : (
        <div class="timeline-room" role="status" aria-label="Loading" />
      )}
    </Card>
  )
}

const kinds: readonly (readonly [BarKind, string])[] = [
  ['succeeded', 'succeeded'],
  ['running', 'running'],
  ['due', 'to come'],
  ['failed', 'failed'],
  ['missed', 'not run'],
]

function Key({ timeline }: { readonly timeline: TimelineAnswer }) {
  const totals = totalsOf(timeline.buckets)
  return (
    <ul class="timeline-key">
      {kinds.map(([kind, title]) => (
        <li key={kind} class={totals[kind] === 0 ? 'is-zero' : undefined}>
          <span class={`timeline-swatch is-${kind}`} aria-hidden="true" />
          {shortCountText(totals[kind])} {title}
        </li>
      ))}
    </ul>
  )
}

function RangeChoice({ range, onRange }: Omit<TimelineCardProps, 'timeline'>) {
  return (
    <fieldset class="choice">
      <legend class="for-readers">How far back and forward</legend>
      {ranges.map((each) => (
        <label key={each.key}>
          <input
            type="radio"
            name="timeline-range"
            class="for-readers"
            checked={each.key === range.key}
            onChange={() => onRange(each)}
          />
          ±{each.title}
        </label>
      ))}
    </fieldset>
  )
}
