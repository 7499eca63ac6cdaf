/**
 * User and password of one server, from wherever they were given.
 *
 * Easy to get wrong: arguments are seen by every account of the machine (ps), so a password in a URL is taken, but the
 * caller has to say why not to write it there. And an empty password must be meant: none at all is asked for.
 */
import { readFileSync } from 'node:fs'
import { InvalidError, messageOf } from '../../core/errors.ts'
import { parseServerUrl, type ServerUrl } from './copy-url.ts'
import { type ClientOptions, parseOptionFile } from './option-file.ts'
import type { CopyServer } from './ports.ts'

export interface AccountFlags {
  /** `from` or `to`. */
  readonly side: 'from' | 'to'
  readonly url: string
  readonly passwordFile?: string
  readonly defaultsFile?: string
}

export interface AccountSources {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Asks on the terminal without echo; null when there is no terminal to ask on. */
  readonly askSecret: ((question: string) => Promise<string>) | null
  warn(text: string): void
}

const longestPassword = 4_096

/** @throws InvalidError that says where to put what is missing */
export async function readAccount(flags: AccountFlags, sources: AccountSources): Promise<CopyServer> {
  const flag = `--${flags.side}`
  const url = parseServerUrl(flags.url, flag)
  const options = flags.defaultsFile === undefined ? null : readOptions(flags.defaultsFile, `${flag}-defaults-file`)
  const user = url.user ?? options?.user ?? null
  if (user === null)
    throw invalid(flag, `names no user; write mysql://USER@${url.host}, or give ${flag}-defaults-file with one`)
  if (url.password !== null && url.password !== '')
    sources.warn(
      `the password in ${flag} was seen by every account of this machine that looked at the process list, and may stay in ` +
        `your shell's history; better: ${flag}-password-file FILE, or ${environmentName(flags.side)}`,
    )
  const password = await passwordOf(flags, url, options, { ...sources, user })
  return { host: url.host, port: url.port, user, password }
}

async function passwordOf(
  { side, passwordFile }: AccountFlags,
  url: ServerUrl,
  options: ClientOptions | null,
  { environment, askSecret, user }: AccountSources & { readonly user: string },
): Promise<string> {
  const flag = `--${side}-password-file`
  if (passwordFile !== undefined && url.password !== null)
    throw invalid(flag, `is given, and --${side} has a password too; take one of them away`)
  if (passwordFile !== undefined) return readPassword(passwordFile, flag)
  const fromEnvironment = environment[environmentName(side)]
  const given = url.password ?? fromEnvironment ?? options?.password ?? null
  if (given !== null) return given
  if (askSecret !== null) return askSecret(`Password of ${user} at ${url.host}:${url.port}: `)
  throw invalid(
    `--${side}`,
    `has no password, and there is no terminal to ask on; give ${flag} FILE, ${environmentName(side)} or ` +
      `--${side}-defaults-file FILE (an empty password is mysql://${user}:@${url.host}:${url.port})`,
  )
}

function environmentName(side: 'from' | 'to'): string {
  return `MILLRACE_${side.toUpperCase()}_PASSWORD`
}

function readPassword(path: string, flag: string): string {
  const text = contentOf(path, flag)
  if (text.length > longestPassword) throw invalid(flag, `names ${path}, which is too long for a password`)
  // An editor leaves a newline at the end of a file; a password has none.
  return text.replace(/\r?\n$/, '')
}

function readOptions(path: string, flag: string): ClientOptions {
  const options = parseOptionFile(contentOf(path, flag))
  if (options.user === null && options.password === null)
    throw invalid(flag, `names ${path}, which has neither user nor password in a group [client]`)
  return options
}

function contentOf(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw invalid(flag, `names ${path}, which cannot be read: ${messageOf(error)}`)
  }
}

function invalid(field: string, message: string): InvalidError {
  return new InvalidError([{ field, value: null, message }])
}
