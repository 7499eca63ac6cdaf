/**
 * What can go wrong while reading a binary log.
 *
 * Easy to get wrong: a lost connection and a silent server are for trying again; a purged log, a refused position or an
 * event nobody knows are not, and trying again would only hide them.
 */
import { MillraceError } from '../core/errors.ts'

/** The server could not be reached, closed the connection or died while it was sending. */
export class BinlogConnectionError extends MillraceError {
  readonly code = 'BINLOG_CONNECTION'
  readonly remedy = 'retry'
}

/** The connection stands but nothing came for three heartbeats. */
export class BinlogSilentError extends MillraceError {
  readonly code = 'BINLOG_SILENT'
  readonly remedy = 'retry'
}

/** The server refused the user or its password, or the user lacks REPLICATION SLAVE. */
export class BinlogAccessError extends MillraceError {
  readonly code = 'BINLOG_ACCESS'
  readonly remedy = 'operator'
}

/** The server no longer has the logs that the start position needs. Only a new copy helps. */
export class BinlogPurgedError extends MillraceError {
  readonly code = 'BINLOG_PURGED'
  readonly remedy = 'operator'
}

/** The start position is not one of this server's history: another server, a reset one, or one that lost transactions. */
export class BinlogDivergedError extends MillraceError {
  readonly code = 'BINLOG_DIVERGED'
  readonly remedy = 'operator'
}

/** Another replica uses the same server id; the server dropped this one. */
export class BinlogReplicaIdTakenError extends MillraceError {
  readonly code = 'BINLOG_REPLICA_ID_TAKEN'
  readonly remedy = 'retry'
}

/** The server refused to send its log for another reason, which the message repeats. */
export class BinlogDumpError extends MillraceError {
  readonly code = 'BINLOG_DUMP'
  readonly remedy = 'operator'
}

/** The checksum of an event does not fit its bytes. */
export class BinlogChecksumError extends MillraceError {
  readonly code = 'BINLOG_CHECKSUM'
  readonly remedy = 'retry'
}

/** An event that matters has a type this version does not know. */
export class UnknownEventError extends MillraceError {
  readonly code = 'BINLOG_UNKNOWN_EVENT'
  readonly remedy = 'operator'
}

/** The source itself reports that events are missing from its log (incident event). */
export class BinlogIncidentError extends MillraceError {
  readonly code = 'BINLOG_INCIDENT'
  readonly remedy = 'operator'
}

/** An event's bytes are not what its type promises. */
export class MalformedEventError extends MillraceError {
  readonly code = 'BINLOG_MALFORMED_EVENT'
  readonly remedy = 'bug'
}

/** Events arrived in an order that no server writes, for example rows outside a transaction. */
export class BinlogSequenceError extends MillraceError {
  readonly code = 'BINLOG_SEQUENCE'
  readonly remedy = 'bug'
}

/** A text that should be a GTID, a GTID set or a position is none. */
export class InvalidPositionError extends MillraceError {
  readonly code = 'BINLOG_INVALID_POSITION'
  readonly remedy = 'fix-request'
}
