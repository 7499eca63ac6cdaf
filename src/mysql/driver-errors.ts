/**
 * Turns what the driver and the servers say into errors of ours, where the driver is called.
 *
 * Source of the numbers: MySQL's "Server Error Message Reference" and MariaDB's "Error Codes".
 */
import { MillraceError, messageOf } from '../core/errors.ts'
import { OtherProtocolError } from './driver.ts'
import {
  AccessDeniedError,
  LockConflictError,
  LostConnectionError,
  MissingPrivilegeError,
  ServerSettingError,
  ServerUnreachableError,
  SqlError,
} from './errors.ts'
import { quoteName } from './identifier.ts'
import type { ErrPacket } from './server-packets.ts'

/** Who we talk to, for messages. */
export interface Peer {
  readonly host: string
  readonly port: number
  readonly user: string
}

export function describePeer(peer: Pick<Peer, 'host' | 'port'>): string {
  return `${peer.host.includes(':') ? `[${peer.host}]` : peer.host}:${peer.port}`
}

const accessDenied = new Set([1044, 1045, 1130, 1698, 1820, 1862, 3118, 3159, 3955, 4151])
const missingPrivilege = new Set([1142, 1143, 1227, 1370, 1419])
const noRoom = new Set([1040, 1203, 1226, 1135, 1129])
const lockConflict = new Set([1205, 1213, 3058, 3572, 1689])
/** Shutdown in progress, killed, or aborted by the server. */
const connectionEnds = new Set([1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 3169, 4031])

/** Why a connection could not be made, in `details.reason` of the error: what a person looks at first. */
export type ConnectFailure =
  | 'refused'
  | 'unknown-host'
  | 'unreachable'
  | 'too-slow'
  | 'no-mysql'
  | 'lost'
  | 'access-denied'
  | 'tls-required'
  | 'no-room'
  | 'failed'

const tlsRequiredErrno = 3159

/** By the codes of Node's sockets and resolver, and the driver's own. */
const failureOfCode: Readonly<Record<string, ConnectFailure>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'unknown-host',
  EAI_FAIL: 'unknown-host',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'too-slow',
  ECONNRESET: 'lost',
  EPIPE: 'lost',
  PROTOCOL_CONNECTION_LOST: 'lost',
}

function failureOf(error: unknown, { errno, code }: { readonly errno: number; readonly code: string }): ConnectFailure {
  if (error instanceof OtherProtocolError) return 'no-mysql'
  if (errno === tlsRequiredErrno) return 'tls-required'
  if (accessDenied.has(errno)) return 'access-denied'
  if (noRoom.has(errno)) return 'no-room'
  return failureOfCode[code] ?? 'failed'
}

/** An error while connecting; `details.reason` is a `ConnectFailure`. */
export function connectError(error: unknown, peer: Peer): MillraceError {
  const { errno, text, code } = readDriverError(error)
  const where = describePeer(peer)
  const reason = failureOf(error, { errno, code })
  if (errno === tlsRequiredErrno)
    return new AccessDeniedError(
      `${where} takes no connection without TLS (${text}), which is not spoken here; switch require_secure_transport off ` +
        'there, or connect through a tunnel',
      { cause: error, details: { errno, reason } },
    )
  if (accessDenied.has(errno))
    return new AccessDeniedError(
      `${where} refused user '${peer.user}' (${text}); correct the user or password, or ` +
        `create the user for this host on the server; an account that must use TLS (REQUIRE SSL) can't be used`,
      { cause: error, details: { errno, reason } },
    )
  if (noRoom.has(errno))
    return new ServerUnreachableError(`${where} has no room for another connection (${text}); raise max_connections`, {
      cause: error,
      details: { errno, reason },
    })
  if (errno === 1049) return new SqlError(`${where}: ${text}`, { errno, sqlState: '42000', statementIndex: 0 }, error)
  return new ServerUnreachableError(
    `can't reach the server ${where} (${text}); check that it runs and that host and port are right`,
    { cause: error, details: { reason } },
  )
}

/** The connection broke under a command, or while idle. */
export function lostConnection(error: unknown, peer: Peer): LostConnectionError {
  if (error instanceof LostConnectionError) return error
  const { text } = readDriverError(error)
  return new LostConnectionError(`the connection to ${describePeer(peer)} was lost (${text})`, { cause: error })
}

/** What an ERR packet in answer to a statement means. */
export function statementError(packet: ErrPacket, statementIndex: number, peer: Peer): MillraceError {
  const { errno, sqlState } = packet
  const where = describePeer(peer)
  const text = withoutRowData(packet.message)
  if (lockConflict.has(errno)) return new LockConflictError(`${where}: ${text}`, errno)
  if (connectionEnds.has(errno))
    return new LostConnectionError(`${where} ended the connection: ${text}`, { details: { errno } })
  if (errno === 1045) return connectError({ errno, message: text }, peer)
  if (missingPrivilege.has(errno) || errno === 1044)
    return new MissingPrivilegeError(`user '${peer.user}' may not do this on ${where}: ${text}; ${cureOf(text)}`, {
      details: { errno, reason: text },
    })
  if (errno === 1290 || errno === 1836 || errno === 3100)
    return new ServerSettingError(`${where} does not allow writes: ${text}`, { details: { errno } })
  return new SqlError(`${where}: ${text} (error ${errno})`, { errno, sqlState, statementIndex })
}

/** The GRANT that helps, as far as the server's message tells it. */
function cureOf(text: string): string {
  const schema = /^Access denied for user (\S+@\S+) to database '(.+)'$/.exec(text)
  if (schema !== null) return `run GRANT ALL PRIVILEGES ON ${quoteName(schema[2] ?? '')}.* TO ${schema[1]}`
  const object = /^(.+) command denied to user .+ for (table|routine|column) '?(.+?)'?$/.exec(text)
  // The user in this message is who connected from where, which need not be an account.
  if (object !== null)
    return `grant ${object[1]} on ${object[2]} ${object[3]} to the account that SELECT CURRENT_USER() names`
  const everywhere = /you need \(at least one of\) the (.+) privilege\(s\)/.exec(text)
  if (everywhere !== null) return `grant ${everywhere[1]} on *.* to the account that SELECT CURRENT_USER() names`
  return 'grant the privilege to the user'
}

const longestMessage = 500

/** Takes the values that servers quote in their messages out of them, and shortens what is left. */
export function withoutRowData(message: string): string {
  const text = message
    .replace(/(Duplicate entry) '.*' (for key)/s, '$1 $2')
    .replace(
      /((?:Incorrect|Truncated incorrect|Truncated wrong|Invalid|Cannot convert)[^']*): '.*'( for (?:column|function).*)?$/s,
      '$1$2',
    )
    .replace(/(Incorrect string value): '.*' (for column)/s, '$1 $2')
    .replace(/ near '.*'( at line \d+)$/s, '$1')
  return text.length > longestMessage ? `${text.slice(0, longestMessage)}...` : text
}

function readDriverError(error: unknown): { errno: number; text: string; code: string } {
  if (error instanceof MillraceError) return { errno: 0, text: error.message, code: '' }
  const { errno, code } = error as { errno?: unknown; code?: unknown }
  // Node gives several failed addresses as one error without a message of its own.
  const text = messageOf(error) || (typeof code === 'string' ? code : 'no reason given')
  return {
    errno: typeof errno === 'number' && errno > 0 ? errno : 0,
    text: withoutRowData(text),
    code: typeof code === 'string' ? code : '',
  }
}
