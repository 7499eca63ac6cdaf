/** Says that what is shown could not be brought up to date, and why. */
import type { ApiError } from '../../api/api-error.ts'
import { Icon } from '../../ui/icon.tsx'
import { sentence } from './form-fields.ts'

/** A lost connection is told by the frame of the page already. */
export function StaleNote({ error }: { readonly error: ApiError | null }) {
  if (error === null || error.status === 0) return null
  return (
    <p class="banner is-warn" role="status">
      <Icon name="warn" /> What you see may be old. {sentence(error.message)}.
    </p>
  )
}
