/**
 * The frame of one page: its heading, its actions, its contents.
 *
 * Easy to get wrong: going to another page must tell a screen reader, so the heading takes the focus then; not on the
 * first load, where the browser begins at the top by itself.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Icon } from './icon.tsx'

export interface PageProps {
  readonly title: string
  /** Shown beside the heading: a status, for example. */
  readonly badge?: ComponentChildren
  /** One line below the heading. */
  readonly lead?: ComponentChildren
  /** Where it belongs to: a list's path and name. */
  readonly parent?: { readonly path: string; readonly title: string }
  readonly actions?: ComponentChildren
  readonly children?: ComponentChildren
}

let isFirst = true

export function Page({ title, badge, lead, parent, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  // Before the next key: later, the focus would be taken from where that key had brought it.
  useLayoutEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true })
    isFirst = false
  }, [])
  useEffect(() => {
    document.title = `${title} · Millrace`
  }, [title])
  return (
    <div class="page">
      <header class="page-head">
        <div class="page-title">
          {parent !== undefined && (
            <Link class="page-parent" href={parent.path}>
              <Icon name="left" size={12} /> {parent.title}
            </Link>
          )}
          <div class="page-name">
            <h1 ref={heading} tabIndex={-1}>
              {title}
            </h1>
            {badge}
          </div>
          {lead !== undefined && <p class="page-lead">{lead}</p>}
        </div>
        {actions !== undefined && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  )
}
