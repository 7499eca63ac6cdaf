/**
 * `mysql://user@host:port`: where a server is and who asks.
 *
 * Easy to get wrong: nothing of a URL with a password may be told back, for messages end in logs.
 */
import { InvalidError } from '../../core/errors.ts'

export interface ServerUrl {
  readonly host: string
  readonly port: number
  /** Null: not given. */
  readonly user: string | null
  /** Null: not given; empty for `user:@host`. */
  readonly password: string | null
}

const defaultPort = 3306
const example = 'for example mysql://root@db1.example:3306'

/** @param flag `--from` or `--to` @throws InvalidError that names what is wrong and nothing of the text */
export function parseServerUrl(text: string, flag: string): ServerUrl {
  const match =
    /^(mysql|mariadb):\/\/(?:([^@/?#]*)@)?(?:\[([0-9a-fA-F:.%]+)\]|([^@/?#:[\]\s]+))(?::(\d{1,5}))?(\/[^?#]*)?$/.exec(
      text,
    )
  if (match === null) throw invalid(flag, `must be mysql://USER@HOST:PORT, ${example}; write special characters as %XX`)
  const [, , account, v6, name, port, path] = match
  if (path !== undefined && path !== '/')
    throw invalid(flag, 'must end after the port; choose what to copy with --schemas or --tables')
  const number = port === undefined ? defaultPort : Number(port)
  if (number < 1 || number > 65_535) throw invalid(flag, 'has a port that is none; give one from 1 to 65535')
  const colon = account?.indexOf(':') ?? -1
  const user = account === undefined ? '' : decoded(colon < 0 ? account : account.slice(0, colon), flag)
  const password = account === undefined || colon < 0 ? null : decoded(account.slice(colon + 1), flag)
  return { host: v6 ?? name ?? '', port: number, user: user === '' ? null : user, password }
}

function decoded(text: string, flag: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid(flag, 'has a % in its user or password that begins no %XX; write % itself as %25')
  }
}

function invalid(flag: string, message: string): InvalidError {
  return new InvalidError([{ field: flag, value: null, message }])
}
