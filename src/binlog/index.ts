/** `millrace/binlog`: the replication protocol of MySQL 5.6 to 9.7 and MariaDB 10.4 and later. */
export type { BinlogStream, DumpOptions, TlsOptions } from './dump-options.ts'
export {
  BinlogAccessError,
  BinlogChecksumError,
  BinlogConnectionError,
  BinlogDivergedError,
  BinlogDumpError,
  BinlogIncidentError,
  BinlogPurgedError,
  BinlogReplicaIdTakenError,
  BinlogSequenceError,
  BinlogSilentError,
  InvalidPositionError,
  MalformedEventError,
  UnknownEventError,
} from './errors.ts'
export { EventType, eventTypeName, rowsEventKind } from './event-type.ts'
export { formatGtid, type Gtid, GtidSet, parseGtid } from './gtid-set.ts'
export { decodeGtidSet, encodeGtidSet } from './gtid-set-encoding.ts'
export { formatMariadbGtid, type MariadbGtid, MariadbGtidPosition, parseMariadbGtid } from './mariadb-gtid.ts'
export { comparePositions, formatPosition, isAtOrAfter, type Position } from './position.ts'
export { decodeQueryEvent, type QueryEvent } from './query-event.ts'
export type { SessionState } from './query-status-vars.ts'
export { EventFlag, type EventHeader, eventHeaderBytes, isArtificial, type RawEvent, rawEvent } from './raw-event.ts'
export type { CommitTime, TransactionHead, TransactionPart, Xid } from './transaction-part.ts'
