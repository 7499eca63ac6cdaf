/** What stands where data would: none yet, none to be had, on its way. Each says what to do. */
import type { ComponentChildren } from 'preact'
import type { ApiError } from '../api/api-error.ts'
import { Button } from './button.tsx'
import { Icon, type IconName } from './icon.tsx'
import { sentence } from './sentence.ts'

export interface EmptyStateProps {
  readonly title: string
  readonly text?: ComponentChildren
  readonly icon?: IconName
  readonly action?: ComponentChildren
}

export function EmptyState({ title, text, icon, action }: EmptyStateProps) {
  return (
    <div class="empty">
      {icon !== undefined && <Icon name={icon} size={24} />}
      <p class="empty-title">{title}</p>
      {text !== undefined && <p class="empty-text">{text}</p>}
      {action}
    </div>
  )
}

export interface ErrorStateProps {
  readonly error: Pick<ApiError, 'message' | 'code' | 'status'>
  readonly retry?: () => void
}

export function ErrorState({ error, retry }: ErrorStateProps) {
  return (
    <div class="empty is-error" role="alert">
      <Icon name={error.status === 503 ? 'warn' : 'bad'} size={24} />
      <p class="empty-title">{titleOf(error.status)}</p>
      <p class="empty-text">{sentence(error.message)}</p>
      {retry !== undefined && <Button onClick={retry}>Try again</Button>}
      <p class="empty-code">{error.code}</p>
    </div>
  )
}

/** Grey lines in the room that the data will take. @param lines how many */
export function Skeleton({ lines = 3, label = 'Loading' }: { readonly lines?: number; readonly label?: string }) {
  return (
    <div class="skeleton" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  )
}

function titleOf(status: number): string {
  if (status === 0) return 'No answer'
  if (status === 404) return 'Not found'
  if (status === 503) return 'Not available now'
  return 'That did not work'
}
