/**
 * What `POST /ops/connection-check` is asked for a draft.
 *
 * Easy to get wrong: a stored password is used for the stored server alone, so it cannot be tested with another address.
 */
import type { Role } from '../wire.ts'
import type { JobDraft } from './job-draft.ts'
import { wantedRules, wirePassword } from './job-json.ts'
import type { Rule } from './scope.ts'

export interface CheckRequest {
  readonly role: Role
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password?: string
  readonly job_id?: string
  readonly include?: readonly WireRule[]
  readonly exclude?: readonly WireRule[]
  readonly skip_create?: boolean
}

interface WireRule {
  readonly schema: string
  readonly tables?: readonly string[]
}

export function checkRequest(role: Role, draft: JobDraft): CheckRequest {
  const { server } = draft[role]
  const include = wantedRules(draft.scope)
  return {
    role,
    host: server.host.trim(),
    port: Number(server.port),
    user: server.user,
    ...(server.passwordKind === 'kept' && draft.id !== null
      ? { job_id: draft.id }
      : { password: wirePassword(server) }),
    ...(include.length > 0 ? { include: include.map(wireRule) } : {}),
    ...(draft.scope.exclude.length > 0 ? { exclude: draft.scope.exclude.map(wireRule) } : {}),
    ...(role === 'target' ? { skip_create: draft.existing === 'fill' } : {}),
  }
}

/** Two drafts with the same key connect in the same way, whatever they replicate. */
export function connectionKey(role: Role, draft: JobDraft): string {
  const { host, port, user, password, job_id } = checkRequest(role, draft)
  return JSON.stringify([host, port, user, password, job_id])
}

function wireRule({ schema, tables }: Rule): WireRule {
  return tables.length === 0 ? { schema } : { schema, tables }
}
