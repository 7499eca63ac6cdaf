/** A part of a page with a heading of its own. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

export interface CardProps {
  readonly title?: ComponentChildren
  /** Beside the heading: a count, for example. */
  readonly note?: ComponentChildren
  readonly actions?: ComponentChildren
  /** Contents reach the edge, for tables and lists. */
  readonly isFlush?: boolean
  readonly class?: string
  readonly children?: ComponentChildren
}

export function Card({ title, note, actions, isFlush = false, class: className = '', children }: CardProps) {
  const id = useId()
  return (
    <section class={`card ${className}`} aria-labelledby={title === undefined ? undefined : id}>
      {(title !== undefined || actions !== undefined) && (
        <header class="card-head">
          <h2 id={id}>{title}</h2>
          {note !== undefined && <span class="card-note">{note}</span>}
          {actions !== undefined && <div class="card-actions">{actions}</div>}
        </header>
      )}
      <div class={isFlush ? 'card-body is-flush' : 'card-body'}>{children}</div>
    </section>
  )
}
