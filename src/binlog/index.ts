/** `millrace/binlog`: the replication protocol of MySQL 5.6 to 9.7 and MariaDB 10.4 and later. */

export {
  encodeEventForBinlogStatement,
  eventForBinlogStatement,
  formatDescriptionForBinlogStatement,
} from './binlog-statement.ts'
export { type ColumnType, ColumnTypeCode } from './column-type.ts'
export { type ColumnValue, columnValue, rowValues } from './column-value.ts'
export { openBinlogStream } from './dump-connection.ts'
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
export { type ChecksumAlgorithm, decodeFormatDescription, type FormatDescription } from './format-description-event.ts'
export { decodeGtidEvent } from './gtid-event.ts'
export { formatGtid, type Gtid, GtidSet, parseGtid } from './gtid-set.ts'
export { decodeGtidSet, encodeGtidSet } from './gtid-set-encoding.ts'
export { decodeHeartbeat, type HeartbeatEvent } from './heartbeat-event.ts'
export { type JsonNode, readJson } from './json-binary.ts'
export { decodeJsonDiffs, type JsonDiff, jsonDiffExpression } from './json-diff.ts'
export { jsonExpression } from './json-expression.ts'
export { jsonText } from './json-text.ts'
export { inflateColumn } from './mariadb-column.ts'
export { formatMariadbGtid, type MariadbGtid, MariadbGtidPosition, parseMariadbGtid } from './mariadb-gtid.ts'
export {
  decodeMariadbGtidEvent,
  decodeMariadbGtidList,
  type MariadbGtidEvent,
  MariadbGtidFlag,
} from './mariadb-gtid-event.ts'
export type { GtidEvent } from './plain-gtid-event.ts'
export { comparePositions, formatPosition, isAtOrAfter, type Position } from './position.ts'
export { decodeQueryEvent, type QueryEvent } from './query-event.ts'
export type { SessionState } from './query-status-vars.ts'
export { EventFlag, type EventHeader, eventHeaderBytes, isArtificial, type RawEvent, rawEvent } from './raw-event.ts'
export { decodeRotateEvent, type RotateEvent } from './rotate-event.ts'
export { RowImage } from './row-image.ts'
export { decodeRowsHead, decodeRowsTarget, plainRowsEvent, RowsFlag, type RowsHead } from './rows-event.ts'
export { RowsReader } from './rows-reader.ts'
export { type LiteralOptions, sqlLiteral } from './sql-literal.ts'
export {
  decodeIncident,
  decodeLoadBlock,
  decodeRowsQuery,
  decodeStatementContext,
  decodeXaPrepareEvent,
  decodeXidEvent,
  type StatementContext,
  type XaPrepareEvent,
} from './statement-events.ts'
export { decodeTableMap, decodeTableName, isNullable, type TableMap, type TableName } from './table-map-event.ts'
export { writeTableMapWithNames } from './table-map-names.ts'
export { decodeTableMetadata, type TableMetadata } from './table-metadata.ts'
export type { CommitTime, TransactionHead, TransactionPart, Xid } from './transaction-part.ts'
export { payloadEvents } from './transaction-payload.ts'
export { TransactionReader } from './transaction-reader.ts'
