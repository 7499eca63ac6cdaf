/**
 * MariaDB's heads of transactions (type 162) and lists of what came before a file (type 163).
 *
 *     sequence(8) domain(4) flags(1) [commit-id(8) | format-id(4) gtrid-length(1) bqual-length(1) xid] ...
 *     count(4, high 4 bits are flags) { domain(4) server(4) sequence(8) }
 *
 * Easy to get wrong: the server's id is in the common header, and the event stands for BEGIN unless it is standalone.
 * Source: sql/log_event.cc, Gtid_log_event and Gtid_list_log_event (MariaDB 10.11).
 */
import { decodeBody } from './event-body.ts'
import { unsigned64 } from './int64.ts'
import { type MariadbGtid, MariadbGtidPosition } from './mariadb-gtid.ts'
import type { RawEvent } from './raw-event.ts'
import type { Xid } from './transaction-part.ts'

export const MariadbGtidFlag = {
  /** One statement, with no COMMIT after it. */
  Standalone: 1,
  GroupCommitId: 2,
  Transactional: 4,
  Ddl: 32,
  PreparedXa: 64,
  CompletedXa: 128,
} as const

export interface MariadbGtidEvent {
  readonly gtid: MariadbGtid
  readonly flags: number
  /** Transactions with the same id were committed together. */
  readonly commitId: bigint | null
  /** Of a transaction that an XA PREPARE or an XA COMMIT or ROLLBACK ends. */
  readonly xid: Xid | null
}

/** @throws MalformedEventError */
export function decodeMariadbGtidEvent(event: RawEvent): MariadbGtidEvent {
  return decodeBody(event, (buffer, offset) => {
    const flags = buffer.readUInt8(offset + 12)
    const hasCommitId = (flags & MariadbGtidFlag.GroupCommitId) !== 0
    const hasXid = (flags & (MariadbGtidFlag.PreparedXa | MariadbGtidFlag.CompletedXa)) !== 0
    return {
      gtid: {
        domain: buffer.readUInt32LE(offset + 8),
        serverId: event.header.serverId,
        sequence: unsigned64(buffer, offset),
      },
      flags,
      commitId: hasCommitId ? unsigned64(buffer, offset + 13) : null,
      xid: hasXid ? readXid(buffer, offset + (hasCommitId ? 21 : 13)) : null,
    }
  })
}

function readXid(buffer: Buffer, at: number): Xid {
  const gtridEnd = at + 6 + buffer.readUInt8(at + 4)
  return {
    formatId: buffer.readInt32LE(at),
    gtrid: buffer.subarray(at + 6, gtridEnd),
    bqual: buffer.subarray(gtridEnd, gtridEnd + buffer.readUInt8(at + 5)),
  }
}

/** What precedes the file or the point of the log. @throws MalformedEventError */
export function decodeMariadbGtidList(event: RawEvent): MariadbGtidPosition {
  return decodeBody(event, (buffer, offset) => {
    const count = buffer.readUInt32LE(offset) & 0x0fff_ffff
    const position = new MariadbGtidPosition()
    for (let index = 0, at = offset + 4; index < count; index += 1, at += 16)
      position.advance({
        domain: buffer.readUInt32LE(at),
        serverId: buffer.readUInt32LE(at + 4),
        sequence: unsigned64(buffer, at + 8),
      })
    return position
  })
}
