/** How much is done. Without `value` it is not known, and the bar only shows that something goes on. */
import type { Tone } from './status-badge.tsx'

export interface ProgressBarProps {
  readonly value?: number | null
  readonly max?: number
  /** What progresses, for screen readers. */
  readonly label: string
  readonly tone?: Tone
}

export function ProgressBar({ value, max = 1, label, tone = 'busy' }: ProgressBarProps) {
  const isKnown = typeof value === 'number' && max > 0
  const share = isKnown ? Math.min(1, Math.max(0, value / max)) : 0
  return (
    <div
      class={`progress is-${tone}${isKnown ? '' : ' is-unknown'}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={isKnown ? Math.round(share * 100) : undefined}
    >
      <div class="progress-done" style={{ inlineSize: isKnown ? `${share * 100}%` : undefined }} />
    </div>
  )
}
