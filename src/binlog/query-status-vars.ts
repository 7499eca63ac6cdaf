/**
 * The session state that a query event carries: what a server must set before it runs the statement.
 *
 * A list of one-byte codes, each followed by its value. Source: libs/mysql/binlog/event/statement_events.h
 * (Query_event_status_vars) and MariaDB's sql/log_event.h (codes from 128).
 *
 * Easy to get wrong: lengths are known only for known codes, so reading ends at the first unknown one, as in the
 * servers; everything that matters has a lower code.
 */
export interface SessionState {
  /** Option bits: 1 << 26 no foreign key checks, 1 << 27 relaxed unique checks, 1 << 14 auto_is_null, 1 << 19 not autocommit. */
  readonly flags2: number | null
  /** Bits of sql_mode; the vendors differ above bit 31. */
  readonly sqlMode: bigint | null
  readonly catalog: string | null
  /** 1 where not given. */
  readonly autoIncrementIncrement: number
  readonly autoIncrementOffset: number
  /** Collation ids of character_set_client, collation_connection and collation_server. */
  readonly characterSetClient: number | null
  readonly collationConnection: number | null
  readonly collationServer: number | null
  /** `SYSTEM`, `+00:00`, `Europe/Berlin`; null when the statement doesn't depend on it. */
  readonly timeZone: string | null
  /** Index of a locale, 0 is en_US. */
  readonly lcTimeNames: number
  /** Collation id of the default database, when it differs from the server's. */
  readonly collationDatabase: number | null
  readonly tableMapForUpdate: bigint | null
  readonly invoker: { readonly user: string; readonly host: string } | null
  /** Databases that the statement changes; null when not told or more than the server lists (16). */
  readonly updatedDatabases: readonly string[] | null
  /** The fraction of the second of the statement's time, 0 to 999999; null when the statement used none. */
  readonly microseconds: number | null
  readonly explicitDefaultsForTimestamp: boolean | null
  /** The XID of an atomic DDL, MySQL 8.0. */
  readonly ddlXid: bigint | null
  /** Collation id of default_collation_for_utf8mb4, MySQL 8.0. */
  readonly defaultCollationForUtf8mb4: number | null
  readonly sqlRequirePrimaryKey: boolean | null
  readonly defaultTableEncryption: boolean | null
  /** MariaDB 10.8 and later: bits of a two-phase ALTER (2 start, 4 commit, 8 rollback). */
  readonly mariadbGtidFlags3: number
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

const code = {
  flags2: 0,
  sqlMode: 1,
  catalogZ: 2,
  autoIncrement: 3,
  charset: 4,
  timeZone: 5,
  catalog: 6,
  lcTimeNames: 7,
  charsetDatabase: 8,
  tableMapForUpdate: 9,
  masterDataWritten: 10,
  invoker: 11,
  updatedDbNames: 12,
  microseconds: 13,
  commitTs: 14,
  commitTs2: 15,
  explicitDefaults: 16,
  ddlXid: 17,
  defaultCollation: 18,
  requirePrimaryKey: 19,
  defaultEncryption: 20,
  mariadbHrnow: 128,
  mariadbXid: 129,
  mariadbGtidFlags3: 130,
} as const

/** Written instead of a count when a statement changes more databases than are listed (OVER_MAX_DBS_IN_EVENT_MTS). */
const tooManyDatabases = 254
/** A commit or rollback of a two-phase ALTER names its start in eight bytes more. */
const endsOfAlter = 4 | 8

const nothing: SessionState = {
  flags2: null,
  sqlMode: null,
  catalog: null,
  autoIncrementIncrement: 1,
  autoIncrementOffset: 1,
  characterSetClient: null,
  collationConnection: null,
  collationServer: null,
  timeZone: null,
  lcTimeNames: 0,
  collationDatabase: null,
  tableMapForUpdate: null,
  invoker: null,
  updatedDatabases: null,
  microseconds: null,
  explicitDefaultsForTimestamp: null,
  ddlXid: null,
  defaultCollationForUtf8mb4: null,
  sqlRequirePrimaryKey: null,
  defaultTableEncryption: null,
  mariadbGtidFlags3: 0,
}

/** Reads the list. @throws RangeError if it ends inside a value */
export function decodeStatusVars(bytes: Buffer): SessionState {
  const state: Mutable<SessionState> = { ...nothing }
  let offset = 0
  while (offset < bytes.length) {
    const length = readOne(bytes, bytes.readUInt8(offset), offset + 1, state)
    if (length === null) break
    offset += 1 + length
  }
  return state
}

/** @returns bytes of the value, or null if the code is unknown */
function readOne(bytes: Buffer, kind: number, at: number, state: Mutable<SessionState>): number | null {
  switch (kind) {
    case code.flags2:
      state.flags2 = bytes.readUInt32LE(at)
      return 4
    case code.sqlMode:
      state.sqlMode = bytes.readBigUInt64LE(at)
      return 8
    case code.catalogZ:
      state.catalog = shortText(bytes, at)
      return bytes.readUInt8(at) + 2
    case code.catalog:
      state.catalog = shortText(bytes, at)
      return bytes.readUInt8(at) + 1
    case code.timeZone:
      state.timeZone = shortText(bytes, at)
      return bytes.readUInt8(at) + 1
    case code.autoIncrement:
      state.autoIncrementIncrement = bytes.readUInt16LE(at)
      state.autoIncrementOffset = bytes.readUInt16LE(at + 2)
      return 4
    case code.charset:
      state.characterSetClient = bytes.readUInt16LE(at)
      state.collationConnection = bytes.readUInt16LE(at + 2)
      state.collationServer = bytes.readUInt16LE(at + 4)
      return 6
    case code.lcTimeNames:
      state.lcTimeNames = bytes.readUInt16LE(at)
      return 2
    case code.charsetDatabase:
      state.collationDatabase = bytes.readUInt16LE(at)
      return 2
    case code.tableMapForUpdate:
      state.tableMapForUpdate = bytes.readBigUInt64LE(at)
      return 8
    case code.invoker:
      return readInvoker(bytes, at, state)
    case code.updatedDbNames:
      return readUpdatedDatabases(bytes, at, state)
    case code.microseconds:
    case code.mariadbHrnow:
      state.microseconds = bytes.readUIntLE(at, 3)
      return 3
    default:
      return readNewer(bytes, kind, at, state)
  }
}

function readNewer(bytes: Buffer, kind: number, at: number, state: Mutable<SessionState>): number | null {
  switch (kind) {
    case code.masterDataWritten:
    case code.commitTs:
      return 4
    case code.commitTs2:
      return 8
    case code.explicitDefaults:
      state.explicitDefaultsForTimestamp = bytes.readUInt8(at) !== 0
      return 1
    case code.ddlXid:
    case code.mariadbXid:
      state.ddlXid = bytes.readBigUInt64LE(at)
      return 8
    case code.defaultCollation:
      state.defaultCollationForUtf8mb4 = bytes.readUInt16LE(at)
      return 2
    case code.requirePrimaryKey:
      state.sqlRequirePrimaryKey = bytes.readUInt8(at) !== 0
      return 1
    case code.defaultEncryption:
      state.defaultTableEncryption = bytes.readUInt8(at) !== 0
      return 1
    case code.mariadbGtidFlags3:
      state.mariadbGtidFlags3 = bytes.readUInt8(at)
      return (state.mariadbGtidFlags3 & endsOfAlter) === 0 ? 1 : 9
    default:
      return null
  }
}

function readInvoker(bytes: Buffer, at: number, state: Mutable<SessionState>): number {
  const hostAt = at + 1 + bytes.readUInt8(at)
  state.invoker = { user: shortText(bytes, at), host: shortText(bytes, hostAt) }
  return hostAt + 1 + bytes.readUInt8(hostAt) - at
}

function readUpdatedDatabases(bytes: Buffer, at: number, state: Mutable<SessionState>): number {
  const count = bytes.readUInt8(at)
  if (count === tooManyDatabases) return 1
  const names: string[] = []
  let offset = at + 1
  for (let index = 0; index < count; index += 1) {
    const end = bytes.indexOf(0, offset)
    if (end < 0) throw new RangeError('a database name has no end')
    names.push(bytes.toString('utf8', offset, end))
    offset = end + 1
  }
  state.updatedDatabases = names
  return offset - at
}

/** A text after its length in one byte. */
function shortText(bytes: Buffer, at: number): string {
  const length = bytes.readUInt8(at)
  if (at + 1 + length > bytes.length) throw new RangeError('a text has no end')
  return bytes.toString('utf8', at + 1, at + 1 + length)
}
