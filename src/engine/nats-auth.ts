/**
 * How a process proves to NATS who it is.
 *
 * Easy to get wrong: what is in here is secret as a whole; no message of an error repeats any of it, not even a bad line.
 */
import { readFile, stat } from 'node:fs/promises'
import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  nkeys,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/nats-core'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { NatsAuthFileError } from './errors.ts'

export type NatsAuth =
  | { readonly user: string; readonly password: string }
  | { readonly token: string }
  /** `SU...` */
  | { readonly nkeySeed: string }
  /** The text of a `.creds` file: a user's JWT and its seed. */
  | { readonly creds: string }

const block = /-{3,}BEGIN ([A-Z ]+?)-{3,}\s+(\S+)\s+-{3,}END \1-{3,}/g
const forms = 'user:password, a token, an nkey seed (SU...), or the text of a .creds file'

export function authenticatorOf(auth: NatsAuth): Authenticator {
  if ('user' in auth) return usernamePasswordAuthenticator(auth.user, auth.password)
  if ('token' in auth) return tokenAuthenticator(auth.token)
  const encoder = new TextEncoder()
  if ('nkeySeed' in auth) return nkeyAuthenticator(encoder.encode(auth.nkeySeed))
  return credsAuthenticator(encoder.encode(auth.creds))
}

/**
 * Reads what --nats-auth-file names; tells by its content which of the four forms it has. A file that others can read
 * is used, with a warning.
 *
 * @throws NatsAuthFileError when it cannot be read or has none of the forms
 */
export async function readAuthFile(path: string, log: Log): Promise<NatsAuth> {
  let text: string
  try {
    text = (await readFile(path, 'utf8')).trim()
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0)
      log.warn(
        { path, mode: (mode & 0o777).toString(8) },
        'other accounts may read the file with the NATS secret: chmod 600',
      )
  } catch (cause) {
    throw new NatsAuthFileError(
      `--nats-auth-file ${path} cannot be read: ${messageOf(cause)}; correct the path or its mode`,
      {
        cause,
      },
    )
  }
  return parseAuth(text, path)
}

/** @param path for the error only */
export function parseAuth(text: string, path: string): NatsAuth {
  if (text.includes('-----BEGIN NATS USER JWT-----')) return parseCreds(text, path)
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const line = lines[0]?.trim() ?? ''
  if (lines.length !== 1 || /\s/.test(line)) throw invalid(path, `holds ${line === '' ? 'nothing' : 'too much'}`)
  if (/^SU[A-Z2-7]{50,}$/.test(line)) return { nkeySeed: checkSeed(line, path) }
  const colon = line.indexOf(':')
  if (colon === -1) return { token: line }
  if (colon === 0) throw invalid(path, 'names no user before the colon')
  return { user: line.slice(0, colon), password: line.slice(colon + 1) }
}

function parseCreds(text: string, path: string): NatsAuth {
  const parts = new Map([...text.matchAll(block)].map(([, name, content]) => [name, content]))
  const jwt = parts.get('NATS USER JWT')
  const seed = parts.get('USER NKEY SEED')
  if (jwt === undefined || seed === undefined)
    throw invalid(path, `has no whole block "${jwt === undefined ? 'NATS USER JWT' : 'USER NKEY SEED'}"`)
  checkSeed(seed, path)
  // The client knows one way of writing it only.
  const written = [
    `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n`,
    `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
  ]
  return { creds: written.join('\n') }
}

function checkSeed(seed: string, path: string): string {
  try {
    nkeys.fromSeed(new TextEncoder().encode(seed)).clear()
    return seed
  } catch {
    // The library's error is left out on purpose.
    throw invalid(path, 'holds a damaged nkey seed')
  }
}

function invalid(path: string, what: string): NatsAuthFileError {
  return new NatsAuthFileError(`--nats-auth-file ${path} ${what}; it must hold ${forms}`)
}
