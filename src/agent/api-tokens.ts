/**
 * The tokens of `--api-token-file`: one a line, usually one; two while callers change from the old to the new.
 *
 * Easy to get wrong: a file that is being replaced may be missing or empty for a moment. Once an agent runs it keeps the
 * tokens it has until it can read better ones: it must neither lock everybody out nor let everybody in.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Scope } from '../core/scope.ts'
import type { AccessTokens } from '../http/shared/access-guard.ts'
import { ApiTokenError } from './errors.ts'
import { warnIfOpen } from './secret-files.ts'

const shortest = 16
/** A file this long holds no tokens. */
const longestFile = 65_536
const readAgainEveryMs = 1_000
/** What RFC 6750 lets a bearer token be made of. */
const tokenPattern = /^[A-Za-z0-9\-._~+/]+=*$/
const cure = 'with "openssl rand -hex 32"'

/**
 * @param path of `--api-token-file`, which the messages name; never what is in it
 * @throws ApiTokenError when it is missing, empty, or holds something that is no token
 */
export function readApiTokens(path: string): readonly string[] {
  const tokens = contentOf(path)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (tokens.length === 0)
    throw new ApiTokenError(`--api-token-file ${path} is empty; put a token into it, for example ${cure}`)
  if (tokens.some((token) => token.length < shortest))
    throw new ApiTokenError(
      `--api-token-file ${path} holds a token of fewer than ${shortest} characters, which can be guessed; make a longer one, for example ${cure}`,
    )
  if (!tokens.every((token) => tokenPattern.test(token)))
    throw new ApiTokenError(
      `--api-token-file ${path} holds a token with characters that a header may not carry; use letters, digits and - . _ ~ + / only, one token a line`,
    )
  return tokens
}

/** Reads the tokens, and again every second until the scope ends. @throws ApiTokenError at the first time only */
export function openApiTokens(scope: Scope, path: string, log: Log): AccessTokens {
  let tokens = readApiTokens(path)
  let digests = tokens.map(digestOf)
  let lastProblem = ''
  warnIfOpen('--api-token-file', path, log)
  const timer = setInterval(() => {
    try {
      const found = readApiTokens(path)
      lastProblem = ''
      if (found.join() === tokens.join()) return
      tokens = found
      digests = found.map(digestOf)
      log.info({ path, tokens: found.length }, 'API tokens were read again')
      warnIfOpen('--api-token-file', path, log)
    } catch (error) {
      if (messageOf(error) !== lastProblem)
        log.warn({ err: error }, 'API tokens cannot be read again, those read before stay valid')
      lastProblem = messageOf(error)
    }
  }, readAgainEveryMs)
  timer.unref()
  scope.defer(async () => clearInterval(timer))
  return { isKnown: (given) => isAmong(digests, digestOf(given)) }
}

function contentOf(path: string): string {
  try {
    if (statSync(path).size > longestFile) throw new Error('it is too large to be a file of tokens')
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ApiTokenError(
      `--api-token-file ${path} cannot be read: ${messageOf(error)}; name a file with a token that this account may read`,
      { cause: error },
    )
  }
}

/** Digests are of one length whatever was given, and every one is looked at. */
function isAmong(digests: readonly Uint8Array[], given: Uint8Array): boolean {
  return digests.map((digest) => timingSafeEqual(digest, given)).includes(true)
}

function digestOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest()
}
