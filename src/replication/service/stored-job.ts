/** Makes the job that is stored of a draft: passwords sealed, or kept. */
import { isDeepStrictEqual } from 'node:util'
import type { ReplicationJob, ReplicationTask, Secret } from '../../model/replication-job.ts'
import type { JobDraft, PasswordDraft, TaskDraft } from './job-draft.ts'
import type { SecretSealer } from './ports.ts'

export interface BuildFacts {
  readonly stored: ReplicationJob | null
  readonly newId: () => string
  readonly nowMs: number
  readonly secrets: SecretSealer
}

/**
 * @param draft checked before
 * @returns the very `stored` job when the draft changes nothing
 */
export function buildJob(draft: JobDraft, { stored, newId, nowMs, secrets }: BuildFacts): ReplicationJob {
  const next: ReplicationJob = {
    id: stored?.id ?? draft.id ?? newId(),
    name: draft.name,
    kind: draft.kind,
    source: buildTask(draft.source, stored?.source ?? null, secrets),
    target: buildTask(draft.target, stored?.target ?? null, secrets),
    isPaused: stored?.isPaused ?? false,
    createdAt: stored?.createdAt ?? nowMs,
    updatedAt: stored?.updatedAt ?? nowMs,
  }
  if (stored === null) return next
  // Tasks are restarted when this moves, so it must move with every change, and only then.
  return isDeepStrictEqual(next, stored) ? stored : { ...next, updatedAt: Math.max(nowMs, stored.updatedAt + 1) }
}

function buildTask(draft: TaskDraft, stored: ReplicationTask | null, secrets: SecretSealer): ReplicationTask {
  const { host, port, user, password } = draft.server
  const secret = buildSecret(password, stored?.server.password ?? null, secrets)
  return { ...draft, server: { host, port, user, password: secret } }
}

function buildSecret(draft: PasswordDraft, stored: Secret | null, secrets: SecretSealer): Secret {
  switch (draft.kind) {
    case 'keep':
      if (stored === null) throw new TypeError('a draft that keeps a password was stored unchecked')
      return stored
    case 'clear':
      // The same text seals differently each time; a password typed again must not look like a change.
      if (stored?.kind === 'sealed' && opensTo(stored.box, draft.text, secrets)) return stored
      return { kind: 'sealed', box: secrets.seal(draft.text) }
    case 'environment':
      return { kind: 'environment', name: draft.name }
    case 'file':
      return { kind: 'file', path: draft.path }
  }
}

function opensTo(box: string, text: string, secrets: SecretSealer): boolean {
  try {
    return secrets.open(box) === text
  } catch {
    return false
  }
}
