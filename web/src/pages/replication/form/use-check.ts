/** The test of one server: when it was run, with which connection, and what came of it. */
import { useCallback, useRef, useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../../../api/api-error.ts'
import { api } from '../../../api/client.ts'
import { checkRequest, connectionKey } from '../draft/check-request.ts'
import type { JobDraft } from '../draft/job-draft.ts'
import type { ConnectionAnswer, Role } from '../wire.ts'

export interface CheckState {
  readonly isBusy: boolean
  /** Of the connection that `answer` and `error` are about; null before the first test. */
  readonly key: string | null
  readonly answer: ConnectionAnswer | null
  /** Why the question itself got no answer. */
  readonly error: ApiError | null
}

export interface ServerCheck extends CheckState {
  /** @returns the answer, or null when there was none */
  run(draft: JobDraft): Promise<ConnectionAnswer | null>
}

const untested: CheckState = { isBusy: false, key: null, answer: null, error: null }

export function useCheck(role: Role): ServerCheck {
  const [state, setState] = useState(untested)
  const newest = useRef(0)
  const run = useCallback(
    async (draft: JobDraft) => {
      newest.current += 1
      const mine = newest.current
      const key = connectionKey(role, draft)
      setState((before) => ({ ...before, isBusy: true }))
      const outcome = await api.send<ConnectionAnswer>('POST', '/ops/connection-check', checkRequest(role, draft)).then(
        (answer) => ({ answer, error: null }),
        (error: unknown) => ({ answer: null, error: asApiError(error) }),
      )
      if (mine === newest.current) setState({ isBusy: false, key, ...outcome })
      return outcome.answer
    },
    [role],
  )
  return { ...state, run }
}

/** True when the newest answer is about the connection that the draft has now. */
export function isCurrent(check: CheckState, role: Role, draft: JobDraft): boolean {
  return check.key !== null && check.key === connectionKey(role, draft)
}

export type Verdict = 'good' | 'warn' | 'bad'

/** Whether a job could run with it. */
export function verdictOf(answer: ConnectionAnswer): Verdict {
  if (!answer.reachable || answer.findings.some(({ severity }) => severity === 'error')) return 'bad'
  return answer.error !== null || answer.findings.some(({ severity }) => severity === 'warning') ? 'warn' : 'good'
}
