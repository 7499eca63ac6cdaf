/**
 * The packets with which a server answers a text query (COM_QUERY).
 *
 *     OK   00 affected:lenenc last-id:lenenc status:2 warnings:2 info:rest
 *     ERR  ff errno:2 '#' sqlstate:5 message:rest
 *     EOF  fe warnings:2 status:2, shorter than 9 bytes
 *     INFILE fb name:rest
 *     result set: count:lenenc, that many column definitions, EOF, rows, EOF
 *
 * Source: MySQL internals, "Protocol Basics"; the connection does not ask for CLIENT_DEPRECATE_EOF or
 * CLIENT_SESSION_TRACK.
 */
import { ProtocolError } from './errors.ts'

export interface OkPacket {
  readonly affectedRows: number
  readonly insertId: bigint
  readonly warningCount: number
  readonly info: string
  readonly hasMoreResults: boolean
}

export interface ErrPacket {
  readonly errno: number
  readonly sqlState: string
  readonly message: string
}

const moreResultsStatus = 0x0008

export function isErr(payload: Buffer): boolean {
  return payload[0] === 0xff
}

/** A row may begin with 0xfe too, as the length of a huge cell, but is never that short. */
export function isEof(payload: Buffer): boolean {
  return payload[0] === 0xfe && payload.length < 9
}

export function eofHasMoreResults(payload: Buffer): boolean {
  return (payload.readUInt16LE(3) & moreResultsStatus) !== 0
}

export function parseOk(payload: Buffer): OkPacket {
  const affected = readLength(payload, 1)
  const insertId = readLength(payload, affected.next)
  const status = payload.readUInt16LE(insertId.next)
  return {
    affectedRows: Number(affected.value),
    insertId: insertId.value,
    warningCount: payload.readUInt16LE(insertId.next + 2),
    info: payload.toString('utf8', insertId.next + 4),
    hasMoreResults: (status & moreResultsStatus) !== 0,
  }
}

export function parseErr(payload: Buffer): ErrPacket {
  const hasState = payload[3] === 0x23
  return {
    errno: payload.readUInt16LE(1),
    sqlState: hasState ? payload.toString('latin1', 4, 9) : 'HY000',
    message: payload.toString('utf8', hasState ? 9 : 3),
  }
}

/** The name under which a column definition presents its column: the fifth text of it. */
export function columnName(payload: Buffer): string {
  let at = 0
  for (let skipped = 0; skipped < 4; skipped += 1) {
    const { value, next } = readLength(payload, at)
    at = next + Number(value)
  }
  const { value, next } = readLength(payload, at)
  return payload.toString('utf8', next, next + Number(value))
}

/** A length-encoded integer. @throws ProtocolError for a byte that begins none */
export function readLength(payload: Buffer, at: number): { value: bigint; next: number } {
  const first = payload[at]
  if (first === undefined || first === 0xfb || first === 0xff)
    throw new ProtocolError(`a length in a server's answer begins with byte ${first ?? '(none)'}`)
  if (first < 0xfb) return { value: BigInt(first), next: at + 1 }
  if (first === 0xfc) return { value: BigInt(payload.readUInt16LE(at + 1)), next: at + 3 }
  if (first === 0xfd) return { value: BigInt(payload.readUIntLE(at + 1, 3)), next: at + 4 }
  return { value: payload.readBigUInt64LE(at + 1), next: at + 9 }
}
