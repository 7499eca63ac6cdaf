/** A replication job as somebody wants it: not yet checked, its passwords still as they were typed. */
import type { ReplicationKind, ReplicationTask, ServerAddress } from '../../model/replication-job.ts'

export type PasswordDraft =
  | { readonly kind: 'clear'; readonly text: string }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  /** The one that is stored; an error when there is none. */
  | { readonly kind: 'keep' }

export interface ServerDraft extends Omit<ServerAddress, 'password'> {
  readonly password: PasswordDraft
}

export interface TaskDraft extends Omit<ReplicationTask, 'server'> {
  readonly server: ServerDraft
}

export interface JobDraft {
  /** Null: by its name, or a new one. */
  readonly id: string | null
  readonly name: string
  readonly kind: ReplicationKind
  readonly source: TaskDraft
  readonly target: TaskDraft
}
