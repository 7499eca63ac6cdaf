/**
 * What a server's or the driver's error means for a reader of the log: whether to wait, to copy again, or to call
 * somebody.
 *
 * Easy to get wrong: the server sends nearly everything as error 1236 and only its text tells what it is; the texts
 * differ between vendors and versions (sql/rpl_binlog_sender.cc, MariaDB's sql/sql_repl.cc).
 */
import { MillraceError, messageOf } from '../core/errors.ts'
import {
  BinlogAccessError,
  BinlogConnectionError,
  BinlogDivergedError,
  BinlogDumpError,
  BinlogPurgedError,
  BinlogReplicaIdTakenError,
} from './errors.ts'
import { formatPosition, type Position } from './position.ts'

export interface ServerFailure {
  readonly errno: number
  readonly message: string
}

const accessErrnos = new Set([1044, 1045, 1130, 1142, 1227, 1251, 1524, 1698, 1820, 1862, 2027, 3118, 3159, 4151])
/** Shutdown, killed, interrupted, timed out, too many connections: the server will be there again. */
const passingErrnos = new Set([1040, 1041, 1053, 1078, 1079, 1080, 1129, 1203, 1226, 1317, 1927, 3169, 4031])

/** The error for an error packet that ended (or refused) the dump. */
export function dumpFailure(failure: ServerFailure, address: string, start: Position): MillraceError {
  const { errno, message } = failure
  const details = { address, start: formatPosition(start), errno }
  const server = `${address} answered: ${message} (${errno})`
  if (accessErrnos.has(errno)) return new BinlogAccessError(`${server}; the user needs REPLICATION SLAVE`, { details })
  if (passingErrnos.has(errno)) return new BinlogConnectionError(`the source ended the stream: ${server}`, { details })
  if (/same server_?(uu)?id|same server_uuid\/server_id/i.test(message))
    return new BinlogReplicaIdTakenError(`another replica took this server id: ${server}`, { details })
  if (/purged|could not find first log file|could not find gtid state/i.test(message))
    return new BinlogPurgedError(
      `the source no longer has the log after ${formatPosition(start)}, so only a new copy helps: ${server}`,
      { details },
    )
  if (/has more gtids|not in the (master|source)'s binlog|diverged|position > file size/i.test(message))
    return new BinlogDivergedError(
      `${formatPosition(start)} is not in the source's history; check that it is the right server: ${server}`,
      { details },
    )
  return new BinlogDumpError(`the source refused to send its log from ${formatPosition(start)}: ${server}`, { details })
}

/** The error for whatever mysql2 threw while connecting, asking or reading. */
export function connectionFailure(error: unknown, address: string, user: string): MillraceError {
  if (error instanceof MillraceError) return error
  const { errno, code } = readDriverError(error)
  const options = { cause: error, details: { address, errno, code } }
  if (errno !== undefined && accessErrnos.has(errno))
    return new BinlogAccessError(`${address} refused user ${user}: ${messageOf(error)}`, options)
  if (code?.startsWith('HANDSHAKE_') === true)
    return new BinlogAccessError(`no secure connection to ${address}: ${messageOf(error)}`, options)
  if (errno !== undefined && errno > 0 && !passingErrnos.has(errno))
    return new BinlogDumpError(`${address} refused to prepare the stream: ${messageOf(error)} (${errno})`, options)
  return new BinlogConnectionError(`the connection to ${address} failed: ${messageOf(error)}`, options)
}

function readDriverError(error: unknown): { errno: number | undefined; code: string | undefined } {
  const fields: { errno?: unknown; code?: unknown } = typeof error === 'object' && error !== null ? error : {}
  return {
    errno: typeof fields.errno === 'number' ? fields.errno : undefined,
    code: typeof fields.code === 'string' ? fields.code : undefined,
  }
}
