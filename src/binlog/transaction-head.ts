/** The head of a transaction from whatever event announces it: a GTID event of either vendor, or its first statement. */
import { EventType } from './event-type.ts'
import { decodeGtidEvent } from './gtid-event.ts'
import { formatGtid } from './gtid-set.ts'
import { formatMariadbGtid } from './mariadb-gtid.ts'
import { decodeMariadbGtidEvent, MariadbGtidFlag } from './mariadb-gtid-event.ts'
import type { Position } from './position.ts'
import type { AnyGtid } from './position-tracker.ts'
import type { RawEvent } from './raw-event.ts'
import type { TransactionHead, Xid } from './transaction-part.ts'

export interface OpenHead {
  readonly head: TransactionHead
  readonly gtid: AnyGtid | null
  /** MariaDB: the GTID event is the BEGIN too. */
  readonly isBegin: boolean
  readonly xid: Xid | null
}

/** The head that a GTID event announces. @throws MalformedEventError */
export function headOf(event: RawEvent, before: Position): OpenHead {
  return event.header.type === EventType.MariadbGtid ? mariadbHead(event, before) : mysqlHead(event, before)
}

/** The head of a transaction that no GTID event announced (MySQL 5.6 without GTIDs). */
export function headWithoutGtid(event: RawEvent, before: Position): OpenHead {
  const head: TransactionHead = {
    gtid: null,
    serverId: event.header.serverId,
    before,
    originalCommitMicros: null,
    immediateCommitMicros: null,
    lastCommitted: null,
    sequenceNumber: null,
    lengthBytes: null,
    mariadbFlags: null,
  }
  return { head, gtid: null, isBegin: false, xid: null }
}

function mysqlHead(event: RawEvent, before: Position): OpenHead {
  const decoded = decodeGtidEvent(event)
  const { gtid } = decoded
  const head: TransactionHead = {
    gtid: gtid === null ? null : formatGtid(gtid),
    serverId: event.header.serverId,
    before,
    originalCommitMicros: decoded.originalCommitMicros,
    immediateCommitMicros: decoded.immediateCommitMicros,
    lastCommitted: decoded.lastCommitted,
    sequenceNumber: decoded.sequenceNumber,
    lengthBytes: decoded.lengthBytes,
    mariadbFlags: null,
  }
  return { head, gtid: gtid === null ? null : { kind: 'mysql', gtid }, isBegin: false, xid: null }
}

function mariadbHead(event: RawEvent, before: Position): OpenHead {
  const { gtid, flags, xid } = decodeMariadbGtidEvent(event)
  const head: TransactionHead = {
    ...headWithoutGtid(event, before).head,
    gtid: formatMariadbGtid(gtid),
    mariadbFlags: flags,
  }
  return { head, gtid: { kind: 'mariadb', gtid }, isBegin: (flags & MariadbGtidFlag.Standalone) === 0, xid }
}
