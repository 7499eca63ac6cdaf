/**
 * Tells what a statement from the log does, without understanding the rest of it: DDL is run verbatim at the target,
 * only its kind and the objects it names are read here.
 *
 * Easy to get wrong: a statement's real beginning may hide behind MariaDB's `SET STATEMENT ... FOR`, comments, or a
 * DEFINER clause; and RENAME, LIKE and EXCHANGE name a second table, perhaps in another schema.
 */
import { type SqlDialect, SqlScanner } from './sql-tokens.ts'
import type { Statement } from './statement.ts'
import { type NamedObject, TokenReader } from './token-reader.ts'

/**
 * @param sql the statement's text
 * @param defaultSchema the session's default database, empty for none
 */
export function parseStatement(sql: string, defaultSchema: string, dialect: SqlDialect): Statement {
  const reader = new TokenReader(new SqlScanner(sql, dialect), defaultSchema)
  if (reader.takes('SET', 'STATEMENT') && reader.skipTo('FOR') !== null) reader.take()
  return parse(reader) ?? { kind: 'unknown', firstWords: firstWords(sql) }
}

function firstWords(sql: string): string {
  return sql.trim().split(/\s+/, 3).join(' ').slice(0, 60)
}

function parse(reader: TokenReader): Statement | null {
  switch (reader.peek()?.keyword) {
    case 'CREATE':
      return create(reader)
    case 'ALTER':
      return alter(reader)
    case 'DROP':
      return drop(reader)
    case 'RENAME':
      return rename(reader)
    case 'TRUNCATE':
      reader.take()
      reader.takes('TABLE')
      return withTable('truncate', reader.name())
    case 'GRANT':
    case 'REVOKE':
    case 'SET':
      return { kind: 'account' }
    case 'ANALYZE':
    case 'OPTIMIZE':
    case 'REPAIR':
    case 'CHECK':
    case 'CHECKSUM':
    case 'FLUSH':
    case 'RESET':
    case 'PURGE':
    case 'CACHE':
      return { kind: 'maintenance' }
    case 'INSTALL':
    case 'UNINSTALL':
    case 'IMPORT':
    case 'CHANGE':
    case 'START':
    case 'STOP':
      return { kind: 'server' }
    default:
      return rows(reader)
  }
}

function withTable(kind: 'truncate' | 'create-index' | 'drop-index', table: NamedObject | null): Statement | null {
  return table === null ? null : { kind, table }
}

/** What may stand between CREATE or ALTER and the kind of object. */
function skipModifiers(reader: TokenReader): { isReplace: boolean; isTemporary: boolean } {
  const found = { isReplace: false, isTemporary: false }
  for (;;) {
    if (reader.takes('OR', 'REPLACE')) found.isReplace = true
    else if (reader.takes('TEMPORARY')) found.isTemporary = true
    else if (reader.takes('DEFINER', '=')) skipAccount(reader)
    else if (reader.takes('ALGORITHM', '=') || reader.takes('SQL', 'SECURITY')) reader.take()
    else if (!['ONLINE', 'OFFLINE', 'IGNORE', 'AGGREGATE'].includes(reader.peek()?.keyword ?? '')) return found
    else reader.take()
  }
}

/** `user`@`host`, a role, or CURRENT_USER with or without brackets. */
function skipAccount(reader: TokenReader): void {
  reader.take()
  if (reader.takes('(')) reader.takes(')')
  if (reader.takes('@')) reader.take()
}

function create(reader: TokenReader): Statement | null {
  reader.take()
  const modifiers = skipModifiers(reader)
  const word = reader.take()?.keyword
  switch (word) {
    case 'TABLE':
    case 'SEQUENCE':
      return createTable(reader, modifiers)
    case 'DATABASE':
    case 'SCHEMA':
      return schemaStatement('create-schema', reader)
    case 'VIEW': {
      reader.takes('IF', 'NOT', 'EXISTS')
      const view = reader.name()
      return view === null ? null : { kind: 'create-view', view }
    }
    case 'INDEX':
    case 'UNIQUE':
    case 'FULLTEXT':
    case 'SPATIAL':
    case 'VECTOR':
      return createIndex(reader, word)
    default:
      return otherObject(word)
  }
}

function createTable(
  reader: TokenReader,
  { isReplace, isTemporary }: { isReplace: boolean; isTemporary: boolean },
): Statement | null {
  const behindTable = reader.lastEnd
  const hasIfNotExists = reader.takes('IF', 'NOT', 'EXISTS')
  const table = reader.name()
  if (table === null) return null
  const isInBrackets = reader.sees('(', 'LIKE')
  if (isInBrackets) reader.take()
  const like = reader.takes('LIKE') ? reader.name() : null
  const startTransactionAt = like === null ? findStartTransaction(reader) : null
  const ifNotExistsAt = hasIfNotExists || isReplace ? null : behindTable
  return { kind: 'create-table', table, isTemporary, like, startTransactionAt, ifNotExistsAt }
}

function findStartTransaction(reader: TokenReader): number | null {
  while (reader.skipTo('START') !== null) {
    const at = reader.peek()?.start ?? null
    if (reader.takes('START', 'TRANSACTION') && reader.peek() === null) return at
    reader.take()
  }
  return null
}

function createIndex(reader: TokenReader, first: string): Statement | null {
  // CREATE SPATIAL REFERENCE SYSTEM begins alike.
  if (first === 'SPATIAL' && reader.sees('REFERENCE')) return { kind: 'server' }
  if (first !== 'INDEX' && !reader.takes('INDEX')) return null
  reader.takes('IF', 'NOT', 'EXISTS')
  if (reader.skipTo('ON') === null) return null
  reader.take()
  return withTable('create-index', reader.name())
}

function alter(reader: TokenReader): Statement | null {
  reader.take()
  skipModifiers(reader)
  const word = reader.take()?.keyword
  switch (word) {
    case 'TABLE':
    case 'SEQUENCE':
      return alterTable(reader)
    case 'DATABASE':
    case 'SCHEMA':
      return schemaStatement('alter-schema', reader)
    case 'VIEW': {
      const view = reader.name()
      return view === null ? null : { kind: 'alter-view', view }
    }
    default:
      return otherObject(word)
  }
}

function alterTable(reader: TokenReader): Statement | null {
  reader.takes('IF', 'EXISTS')
  const table = reader.name()
  if (table === null) return null
  let renameTo: NamedObject | null = null
  let exchangeWith: NamedObject | null = null
  for (let word = reader.skipTo('RENAME', 'EXCHANGE'); word !== null; word = reader.skipTo('RENAME', 'EXCHANGE')) {
    reader.take()
    if (word === 'EXCHANGE' && reader.takes('PARTITION')) {
      if (reader.skipTo('TABLE') === null) continue
      reader.take()
      exchangeWith = reader.name()
    } else if (word === 'RENAME' && !isPartOfTable(reader)) {
      if (!reader.takes('TO') && !reader.takes('AS')) reader.takes('=')
      renameTo = reader.name()
    }
  }
  return { kind: 'alter-table', table, renameTo, exchangeWith }
}

/** RENAME COLUMN, INDEX and KEY rename something inside the table; a table could be called so only in quotes. */
function isPartOfTable(reader: TokenReader): boolean {
  return ['COLUMN', 'INDEX', 'KEY', 'CONSTRAINT'].includes(reader.peek()?.keyword ?? '')
}

function schemaStatement(
  kind: 'create-schema' | 'alter-schema' | 'drop-schema',
  reader: TokenReader,
): Statement | null {
  if (!reader.takes('IF', 'NOT', 'EXISTS')) reader.takes('IF', 'EXISTS')
  // ALTER DATABASE without a name means the default one.
  const isUnnamed = kind === 'alter-schema' && isSchemaOption(reader)
  const schema = isUnnamed ? reader.defaultSchema : reader.plainName()
  return schema === null ? null : { kind, schema }
}

const schemaOptions = ['DEFAULT', 'CHARACTER', 'CHARSET', 'COLLATE', 'READ', 'ENCRYPTION', 'COMMENT', 'UPGRADE']

/** True when an option comes next and not a schema of that name, which would be followed by an option. */
function isSchemaOption(reader: TokenReader): boolean {
  if (!schemaOptions.includes(reader.peek()?.keyword ?? '')) return false
  if (reader.sees('DEFAULT', 'CHARACTER') || reader.sees('DEFAULT', 'COLLATE')) return true
  return reader.sees('DEFAULT', 'ENCRYPTION') || !schemaOptions.includes(reader.peek(1)?.keyword ?? '')
}

function drop(reader: TokenReader): Statement | null {
  reader.take()
  const isTemporary = reader.takes('TEMPORARY')
  const word = reader.take()?.keyword
  switch (word) {
    case 'TABLE':
    case 'TABLES':
    case 'SEQUENCE':
    case 'VIEW': {
      const hasIfExists = reader.takes('IF', 'EXISTS')
      const tables = reader.names()
      if (tables.length === 0) return null
      return { kind: word === 'VIEW' ? 'drop-view' : 'drop-table', tables, isTemporary, hasIfExists }
    }
    case 'DATABASE':
    case 'SCHEMA':
      return schemaStatement('drop-schema', reader)
    case 'INDEX':
      if (reader.skipTo('ON') === null) return null
      reader.take()
      return withTable('drop-index', reader.name())
    default:
      return otherObject(word)
  }
}

function rename(reader: TokenReader): Statement | null {
  reader.take()
  if (!reader.takes('TABLE') && !reader.takes('TABLES')) return { kind: 'account' }
  reader.takes('IF', 'EXISTS')
  const pairs: { from: NamedObject; to: NamedObject }[] = []
  do {
    const from = reader.name()
    // MariaDB: RENAME TABLE a WAIT 5 TO b.
    reader.skipTo('TO')
    reader.take()
    const to = reader.name()
    if (from === null || to === null) return null
    pairs.push({ from, to })
  } while (reader.takes(','))
  return { kind: 'rename-table', pairs }
}

function otherObject(word: string | undefined): Statement | null {
  switch (word) {
    case 'TRIGGER':
      return { kind: 'trigger' }
    case 'FUNCTION':
    case 'PROCEDURE':
    case 'PACKAGE':
    case 'LIBRARY':
      return { kind: 'routine' }
    case 'EVENT':
      return { kind: 'event' }
    case 'USER':
    case 'ROLE':
      return { kind: 'account' }
    case 'SERVER':
    case 'TABLESPACE':
    case 'UNDO':
    case 'LOGFILE':
    case 'RESOURCE':
    case 'INSTANCE':
    case 'SPATIAL':
    case 'PREPARE':
      return { kind: 'server' }
    default:
      return null
  }
}

function rows(reader: TokenReader): Statement | null {
  const word = reader.take()?.keyword
  switch (word) {
    case 'INSERT':
    case 'REPLACE':
      while (['LOW_PRIORITY', 'DELAYED', 'HIGH_PRIORITY', 'IGNORE', 'INTO'].includes(reader.peek()?.keyword ?? ''))
        reader.take()
      return rowsOf(reader.name())
    case 'LOAD':
      if (reader.skipTo('INTO') === null) return { kind: 'rows', tables: null }
      return reader.takes('INTO', 'TABLE') ? rowsOf(reader.name()) : { kind: 'rows', tables: null }
    case 'DELETE':
      return reader.takes('FROM') ? singleTable(reader) : { kind: 'rows', tables: null }
    case 'UPDATE':
      while (['LOW_PRIORITY', 'IGNORE'].includes(reader.peek()?.keyword ?? '')) reader.take()
      return singleTable(reader)
    case 'WITH':
    case 'CALL':
    case 'DO':
    case 'SELECT':
    case 'VALUES':
    case 'EXECUTE':
      return { kind: 'rows', tables: null }
    default:
      return null
  }
}

/** One table, or several, in which case it is not told which of them change. */
function singleTable(reader: TokenReader): Statement {
  const table = reader.name()
  const next = reader.peek()
  const isAlone =
    next === null ||
    next.keyword === 'SET' ||
    next.keyword === 'WHERE' ||
    next.keyword === 'LIMIT' ||
    next.keyword === 'ORDER'
  return isAlone ? rowsOf(table) : { kind: 'rows', tables: null }
}

function rowsOf(table: NamedObject | null): Statement {
  return { kind: 'rows', tables: table === null ? null : [table] }
}
