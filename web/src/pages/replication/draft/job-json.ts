/**
 * A draft as the JSON of the API.
 *
 * Easy to get wrong: what this page does not know of a stored job has to survive an edit, so the rest of each Config is
 * carried along; and a typed password must be sent, but never shown.
 */
import { passwordMask, type Role, type WireConfig, type WireDraft, type WireFilter, type WireTask } from '../wire.ts'
import type { JobDraft, ServerDraft } from './job-draft.ts'
import type { Rule, Scope } from './scope.ts'

/** What is posted. A number that is none is sent as it was typed: the API says what is wrong with it. */
export function jobOf(draft: JobDraft): WireDraft {
  const nats = draft.natsAddress.trim() === '' ? {} : { NatsAddr: draft.natsAddress.trim() }
  return {
    ...(draft.id === null ? {} : { ID: draft.id }),
    Name: draft.name.trim(),
    Type: draft.kind,
    Tasks: [
      wireTask('source', draft, {
        Gtid: draft.start === 'position' ? draft.gtid.trim() : '',
        ...nats,
        ReplChanBufferSize: numberOf(draft.bufferedMessages),
        MsgBytesLimit: numberOf(draft.frameBytes),
        ReplicateDoDb: wantedRules(draft.scope).map(filterOf),
        ReplicateIgnoreDb: draft.scope.exclude.map(filterOf),
      }),
      wireTask('target', draft, {
        ...nats,
        ApproveHeterogeneous: draft.forceSql,
        DropTableIfExists: draft.existing === 'drop',
        SkipCreateDbTable: draft.existing === 'fill',
      }),
    ],
  }
}

function wireTask(role: Role, draft: JobDraft, config: Omit<WireConfig, 'ConnectionConfig'>): WireTask {
  const { server, nodeId, workers, rest } = draft[role]
  const { NatsAddr: _address, ...kept } = rest
  return {
    Type: role === 'source' ? 'Src' : 'Dest',
    ...(nodeId === '' ? {} : { NodeId: nodeId }),
    Driver: 'MySQL',
    Config: {
      ...kept,
      ...config,
      ParallelWorkers: numberOf(workers),
      ConnectionConfig: {
        Host: server.host.trim(),
        Port: numberOf(server.port),
        User: server.user,
        Password: wirePassword(server),
      },
    },
  }
}

/** The password in the API's form: what it keeps, reads on the node, or seals. */
export function wirePassword({ passwordKind, password }: ServerDraft): string {
  switch (passwordKind) {
    case 'kept':
      return passwordMask
    case 'environment':
      return `env:${password.trim()}`
    case 'file':
      return `file:${password.trim()}`
    case 'typed':
      return password
  }
}

/** The same job as it may be shown: typed passwords masked. */
export function shownJob(job: WireDraft): WireDraft {
  const Tasks = job.Tasks.map((task) => {
    const { Password = '' } = task.Config.ConnectionConfig
    const isReference = /^(env|file):/.test(Password)
    const ConnectionConfig = { ...task.Config.ConnectionConfig, Password: isReference ? Password : passwordMask }
    return { ...task, Config: { ...task.Config, ConnectionConfig } }
  })
  return { ...job, Tasks }
}

/** The API takes whole numbers as text too, and says what is allowed for any other text. */
function numberOf(text: string): number | string {
  const trimmed = text.trim()
  return /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : trimmed
}

function filterOf({ schema, tables }: Rule): WireFilter {
  if (tables.length === 0) return { TableSchema: schema }
  return { TableSchema: schema, Tables: tables.map((TableName) => ({ TableName })) }
}

/** What is replicated, as the API takes it: nothing named is everything. */
export function wantedRules({ isEverything, include }: Scope): readonly Rule[] {
  return isEverything ? [] : include
}
