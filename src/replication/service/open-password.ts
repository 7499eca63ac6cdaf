/** The password of a server in clear, on the node that is about to use it. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Secret, ServerAddress } from '../../model/replication-job.ts'
import { SecretUnavailableError } from './errors.ts'
import type { SecretSealer } from './ports.ts'

const longestPassword = 4_096

export interface PasswordSources {
  readonly secrets: Pick<SecretSealer, 'open'>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly nodeName: string
}

/** @throws SecretUnavailableError that says what is missing where */
export async function openPassword(server: ServerAddress, sources: PasswordSources): Promise<string> {
  const whose = `the password of ${server.user} at ${server.host}:${server.port}`
  switch (server.password.kind) {
    case 'sealed':
      return openBox(server.password.box, whose, sources)
    case 'environment':
      return fromEnvironment(server.password.name, whose, sources)
    case 'file':
      return fromFile(server.password, whose, sources)
  }
}

function openBox(box: string, whose: string, { secrets, nodeName }: PasswordSources): string {
  try {
    return secrets.open(box)
  } catch (cause) {
    throw new SecretUnavailableError(
      `${whose} was sealed with another key than node ${nodeName} has; save the job again with the password`,
      { cause },
    )
  }
}

function fromEnvironment(name: string, whose: string, { environment, nodeName }: PasswordSources): string {
  const value = environment[name]
  if (value !== undefined) return value
  throw new SecretUnavailableError(
    `${whose} should be in the environment variable ${name}, which the agent on node ${nodeName} does not have; ` +
      'set it and start that agent again',
  )
}

async function fromFile({ path }: Secret & { kind: 'file' }, whose: string, sources: PasswordSources): Promise<string> {
  const refuse = (problem: string) =>
    new SecretUnavailableError(
      `${whose} should be in file ${path}, which ${problem}; ` +
        `write it there, readable for the agent on node ${sources.nodeName}`,
    )
  const text = await readStart(path).catch((cause: NodeJS.ErrnoException) => {
    throw refuse(`cannot be read (${cause.code})`)
  })
  if (text === null) throw refuse('is no plain file')
  if (text.length > longestPassword) throw refuse('is too long for a password')
  // An editor leaves a newline at the end of a file; a password has none.
  return text.replace(/\r?\n$/, '')
}

/** @returns enough of the file to see that it is too long, null when it is no plain file, which could block or never end */
async function readStart(path: string): Promise<string | null> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  if (!(await file.stat()).isFile()) return null
  // No character of a string takes more than three bytes in UTF-8.
  const bytes = Buffer.alloc(3 * longestPassword + 1)
  let length = 0
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.toString('utf8', 0, length)
}
