/**
 * Reads a ConnectionConfig in all the forms that clients send: `Key: {Host, Port}` with User and Password, or flat, in
 * any letter case.
 *
 * Easy to get wrong: an answer of ours carries both forms, and a client that edits one of them and sends it back means
 * something else than the other one says.
 */
import type { ServerDraft } from '../../replication/service/job-draft.ts'
import type { FieldReader } from '../shared/field-reader.ts'
import { parsePassword } from '../shared/password-json.ts'
import type { JobIssues } from './job-issues.ts'

/** What could not be read stays empty; the check of the draft finds nothing new in that. */
export const unreadServer: ServerDraft = { host: '', port: 0, user: '', password: { kind: 'keep' } }

export function readConnection(config: FieldReader, issues: JobIssues): ServerDraft {
  const connection = issues.requiredObject(config, 'ConnectionConfig')
  if (connection === null) return unreadServer
  const key = issues.optionalObject(connection, 'Key')
  const host = agreed(connection, 'Host', connection.string('Host'), key?.string('Host'))
  const portRule = { min: 1, max: 65_535, allowText: true }
  const port = agreed(connection, 'Port', connection.integer('Port', portRule), key?.integer('Port', portRule))
  const user = connection.string('User') ?? ''
  if (user === '' && !issues.isNoted(connection, 'User')) connection.fail('User', 'must be given')
  const wanted = 'a password, env:NAME with the name of a variable, or file:/path with an absolute path'
  const password = connection.text('Password', wanted, parsePassword) ?? { kind: 'keep' }
  return { host: host ?? '', port: port ?? 0, user, password }

  function agreed<Value>(
    reader: FieldReader,
    name: string,
    flat: Value | null | undefined,
    nested: Value | null | undefined,
  ): Value | null {
    const isNoted = issues.isNoted(reader, name) || (key != null && issues.isNoted(key, name))
    if (flat != null && nested != null && flat !== nested)
      reader.fail(name, `differs from Key.${name}: give the same in both, or only one of them`)
    else if (flat == null && nested == null && !isNoted) reader.fail(name, `must be given, here or as Key.${name}`)
    return flat ?? nested ?? null
  }
}
