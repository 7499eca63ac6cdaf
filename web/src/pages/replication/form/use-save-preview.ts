/** What a save of the draft would do, asked whenever the draft is reviewed. */
import { useEffect, useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../../../api/api-error.ts'
import { api } from '../../../api/client.ts'
import type { JobDraft } from '../draft/job-draft.ts'
import { jobOf } from '../draft/job-json.ts'
import type { SavePreview } from '../wire.ts'

export interface PreviewState {
  readonly preview: SavePreview | null
  readonly error: ApiError | null
}

export function useSavePreview(draft: JobDraft): PreviewState {
  const [state, setState] = useState<PreviewState>({ preview: null, error: null })
  useEffect(() => {
    const ending = new AbortController()
    api.send<SavePreview>('POST', '/udup/v1/check/job', jobOf(draft), { signal: ending.signal }).then(
      (preview) => setState({ preview, error: null }),
      (error: unknown) => {
        if (!ending.signal.aborted) setState({ preview: null, error: asApiError(error) })
      },
    )
    return () => ending.abort()
  }, [draft])
  return state
}

/** A new job must not take the name of another one: saving it would change that one. */
export function isNameTaken(draft: JobDraft, preview: SavePreview | null): boolean {
  return draft.id === null && preview?.Exists === true
}
