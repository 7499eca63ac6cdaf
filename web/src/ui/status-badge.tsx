/** A state in one or two words. Colour never stands alone: shape and word say the same. */

export type Tone = 'good' | 'bad' | 'warn' | 'idle' | 'busy'

export function StatusBadge({
  tone,
  text,
  title,
}: {
  readonly tone: Tone
  readonly text: string
  readonly title?: string
}) {
  return (
    <span class={`badge is-${tone}`} title={title}>
      <StatusMark tone={tone} />
      {text}
    </span>
  )
}

/** The badge's mark alone: disc, square, triangle, ring, turning arc. Needs words beside it. */
export function StatusMark({ tone }: { readonly tone: Tone }) {
  return (
    <svg class={`mark is-${tone}`} viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
      {tone === 'good' && <circle cx="5" cy="5" r="4" />}
      {tone === 'bad' && <rect x="1" y="1" width="8" height="8" rx="1.5" />}
      {tone === 'warn' && <path d="M5 .8 9.6 9H.4Z" />}
      {tone === 'idle' && <circle class="mark-ring" cx="5" cy="5" r="3.4" />}
      {tone === 'busy' && (
        <>
          <circle class="mark-ring mark-faint" cx="5" cy="5" r="3.6" />
          <path class="mark-ring mark-turn" d="M5 1.4A3.6 3.6 0 0 1 8.6 5" />
        </>
      )}
    </svg>
  )
}
