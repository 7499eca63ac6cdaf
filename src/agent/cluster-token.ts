/**
 * The one secret that all agents of a cluster share: given with --cluster-token-file, or made at the first start.
 *
 * Easy to get wrong: the data directory's copy is what counts from then on; another token is taken only where nobody
 * else holds this one's data, and a client keeps it only after the cluster has accepted it.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { writeDurably } from './durable-file.ts'
import { ClusterTokenError } from './errors.ts'

/** A shorter one could be guessed. */
const leastLength = 16
const tokenBytes = 32

/** What this data directory is so far: nothing yet, alone with its NATS server, a server of several, or a client. */
export type TokenHolder = 'new' | 'standalone' | 'server' | 'client'

export interface ChosenToken {
  readonly token: string
  /** `changed`: the operator gave another one than the data directory has. */
  readonly origin: 'kept' | 'made' | 'given' | 'changed'
  /** Writes it into the data directory. */
  keep(): void
}

/**
 * @param tokenFile what --cluster-token-file names, or empty
 * @throws ClusterTokenError when the file cannot be read, holds no token, or names another one in a grown cluster
 */
export function chooseToken(dataDir: string, tokenFile: string, holder: TokenHolder): ChosenToken {
  const path = join(dataDir, 'secrets', 'cluster-token')
  const known = readIfThere(path)
  const keep = (token: string) => () => writeDurably(path, `${token}\n`)
  if (tokenFile === '') {
    if (known !== null) return { token: known, origin: 'kept', keep: () => {} }
    const token = randomBytes(tokenBytes).toString('hex')
    return { token, origin: 'made', keep: keep(token) }
  }
  const token = readGiven(tokenFile)
  if (known === token) return { token, origin: 'kept', keep: () => {} }
  if (known === null) return { token, origin: 'given', keep: keep(token) }
  if (holder === 'server')
    throw new ClusterTokenError(
      `--cluster-token-file ${tokenFile} holds another token than ${path}, and this node runs one of the NATS servers of a ` +
        'grown cluster, whose others would refuse it; leave --cluster-token-file away or give it the file that this cluster was made with',
    )
  return { token, origin: 'changed', keep: keep(token) }
}

function readGiven(path: string): string {
  let token: string
  try {
    token = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new ClusterTokenError(
      `--cluster-token-file ${path} cannot be read: ${messageOf(cause)}; make one with millrace keygen and give this account the right to read it`,
      { cause },
    )
  }
  if (token.length >= leastLength && !/\s/.test(token)) return token
  throw new ClusterTokenError(
    `--cluster-token-file ${path} holds no token: one line of at least ${leastLength} characters without blanks is needed; millrace keygen makes one`,
  )
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new ClusterTokenError(`${path} cannot be read: ${messageOf(error)}; correct its owner and mode`, {
      cause: error,
    })
  }
}
