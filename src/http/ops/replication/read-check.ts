/**
 * Reads what a connection check is to look at.
 *
 * Easy to get wrong: a stored password goes to the server that it is stored for and to no other, or whoever may edit jobs
 * could have it sent to a server of his own.
 */
import { InvalidError, type Issue } from '../../../core/errors.ts'
import type { ReplicationJob, SchemaFilter, ServerAddress, TaskRole } from '../../../model/replication-job.ts'
import { createFilter } from '../../../replication/filter.ts'
import type { CheckedServer, WantedCheck } from '../../../replication/service/connection-checks.ts'
import { FieldReader } from '../../shared/field-reader.ts'
import { type PasswordForm, parsePassword } from '../../shared/password-json.ts'

export interface ReadCheck {
  readonly wanted: WantedCheck
  readonly unknown: readonly string[]
}

const usualPort = 3306
const longestHost = 255

/**
 * @param jobOf the stored job of an id
 * @throws InvalidError with everything that is wrong; what `jobOf` throws
 */
export async function readCheck(body: unknown, jobOf: (id: string) => Promise<ReplicationJob>): Promise<ReadCheck> {
  const reader = FieldReader.of(body)
  const role = readRole(reader)
  const jobId = reader.string('job_id') ?? ''
  const stored = jobId === '' ? null : (await jobOf(jobId))[role].server
  const server = readServer(reader, stored)
  const [include, exclude] = [readFilters(reader, 'include'), readFilters(reader, 'exclude')]
  const skipsCreation = reader.boolean('skip_create') ?? false
  if (reader.issues.length === 0) assertPatterns(include, exclude)
  reader.throwIfInvalid()
  return { wanted: { role, server, include, exclude, skipsCreation }, unknown: reader.unknownNames() }
}

function readRole(reader: FieldReader): TaskRole {
  const role = reader.oneOf('role', ['source', 'target'])
  if (role === null || (role === undefined && !reader.has('role'))) reader.fail('role', 'must be "source" or "target"')
  // Nothing can be read without it.
  reader.throwIfInvalid()
  return role ?? 'source'
}

function readServer(reader: FieldReader, stored: ServerAddress | null): CheckedServer {
  const host = required(reader, 'host', reader.string('host'), stored?.host)
  if (host.length > longestHost || /[\s/@\p{Cc}]/u.test(host))
    reader.fail('host', 'must be a host name or an address, without port')
  const user = required(reader, 'user', reader.string('user'), stored?.user)
  const port = reader.integer('port', { min: 1, max: 65_535, allowText: true }) ?? stored?.port ?? usualPort
  const wanted = 'a password, env:NAME with the name of a variable, or file:/path with an absolute path'
  const given: PasswordForm = reader.text('password', wanted, parsePassword) ?? { kind: 'keep' }
  if (given.kind !== 'keep') return { host, port, user, password: given }
  const none = { kind: 'clear', text: '' } as const
  if (stored === null) {
    if (!reader.issues.some(({ field }) => field === 'password'))
      reader.fail('password', 'must be given, or a job_id whose stored password is to be used')
    return { host, port, user, password: none }
  }
  if (host !== stored.host || port !== stored.port || user !== stored.user)
    reader.fail('password', `must be given: the stored one is only for ${stored.user} at ${stored.host}:${stored.port}`)
  return { host, port, user, password: stored.password }
}

function required(
  reader: FieldReader,
  name: string,
  given: string | null | undefined,
  stored: string | undefined,
): string {
  const value = given ?? stored ?? ''
  if (value === '' && !reader.issues.some(({ field }) => field === name)) reader.fail(name, 'must be given')
  return value
}

function readFilters(reader: FieldReader, name: string): readonly SchemaFilter[] {
  return (reader.objects(name) ?? []).map((entry) => {
    const schema = entry.string('schema') ?? ''
    if (schema === '') entry.fail('schema', 'must be given')
    return { schema, tables: entry.strings('tables') ?? [] }
  })
}

/** @throws InvalidError naming each pattern that can't be used, in the words of the request */
function assertPatterns(include: readonly SchemaFilter[], exclude: readonly SchemaFilter[]): void {
  try {
    createFilter({ include, exclude, lowerCaseTableNames: 0 })
  } catch (error) {
    throw error instanceof InvalidError ? new InvalidError(error.issues.map(inRequestWords)) : error
  }
}

function inRequestWords(issue: Issue): Issue {
  const field = issue.field
    .replace(/^ReplicateDoDb/, 'include')
    .replace(/^ReplicateIgnoreDb/, 'exclude')
    .replace(/\.TableSchema$/, '.schema')
    .replace(/\.Tables/, '.tables')
    .replace(/\.TableName$/, '')
  return { ...issue, field }
}
