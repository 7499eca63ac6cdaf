/**
 * What becomes of a statement that is a transaction of its own: passed on, left out, or passed on in part.
 *
 * Easy to get wrong: leaving a statement out silently is only right when nothing in scope needs it. A RENAME from inside
 * the scope to outside is a removal at the target, one the other way brings rows that the target never had.
 */
import { quoteName, quoteTable } from '../../mysql/identifier.ts'
import type { Statement } from '../ddl/statement.ts'
import type { NamedObject } from '../ddl/token-reader.ts'
import type { ObjectFilter } from '../filter.ts'
import { InexpressibleStatementError, StatementFormatError, UnknownStatementError } from './errors.ts'

export type DdlDecision =
  | { readonly kind: 'pass' }
  | { readonly kind: 'skip' }
  /** Another statement, in UTF-8, does the part that is in scope. */
  | { readonly kind: 'rewrite'; readonly sql: string }
  /** The same statement with another beginning, bytes for bytes. */
  | { readonly kind: 'reword'; readonly from: string; readonly to: string }

const pass: DdlDecision = { kind: 'pass' }
const skip: DdlDecision = { kind: 'skip' }

export interface StatementPlace {
  /** The session's default database. */
  readonly defaultSchema: string
  /** For messages: where in the source's log. */
  readonly place: string
}

/**
 * @throws InexpressibleStatementError, StatementFormatError, UnknownStatementError
 */
export function decideDdl(statement: Statement, filter: ObjectFilter, at: StatementPlace): DdlDecision {
  const isIn = ({ schema, name }: NamedObject) => filter.includesTable(schema, name)
  switch (statement.kind) {
    case 'create-table':
      if (statement.isTemporary || !isIn(statement.table)) return skip
      if (statement.like !== null && !isIn(statement.like))
        throw notExpressible(`CREATE TABLE ${text(statement.table)} LIKE ${text(statement.like)}`, statement.like, at)
      return pass
    case 'alter-table':
      return decideAlter(statement, isIn, at)
    case 'drop-table':
      return statement.isTemporary ? skip : decideDrop('TABLE', statement, isIn)
    case 'drop-view':
      return decideDrop('VIEW', { ...statement, hasIfExists: true }, isIn)
    case 'rename-table':
      return decideRename(statement.pairs, isIn, at)
    case 'truncate':
    case 'create-index':
    case 'drop-index':
      return isIn(statement.table) ? pass : skip
    // The copy makes views at its end as they are then, so what the stream brings must not mind that they exist.
    case 'create-view':
      return isIn(statement.view) ? { kind: 'reword', from: 'CREATE ', to: 'CREATE OR REPLACE ' } : skip
    case 'alter-view':
      return isIn(statement.view) ? { kind: 'reword', from: 'ALTER ', to: 'CREATE OR REPLACE ' } : skip
    case 'create-schema':
    case 'alter-schema':
      return filter.includesSchema(statement.schema) ? pass : skip
    case 'drop-schema':
      return decideDropSchema(statement.schema, filter, at)
    case 'trigger':
    case 'routine':
    case 'event':
    case 'account':
    case 'maintenance':
    case 'server':
      return skip
    case 'rows':
      return decideRows(statement.tables, filter, at)
    case 'unknown':
      if (at.defaultSchema !== '' && !filter.includesSchema(at.defaultSchema)) return skip
      throw new UnknownStatementError(
        `the source ran a statement that begins "${statement.firstWords}" at ${at.place}, which this version does not know`,
        { details: { place: at.place } },
      )
  }
}

function decideAlter(
  statement: Extract<Statement, { kind: 'alter-table' }>,
  isIn: (name: NamedObject) => boolean,
  at: StatementPlace,
): DdlDecision {
  const { table, renameTo, exchangeWith } = statement
  const others = [renameTo, exchangeWith].filter((name) => name !== null)
  if (isIn(table)) {
    const outside = others.find((name) => !isIn(name))
    if (outside !== undefined) throw notExpressible(`ALTER TABLE ${text(table)}`, outside, at)
    return pass
  }
  const inside = others.find(isIn)
  if (inside !== undefined) throw notExpressible(`ALTER TABLE ${text(table)} ... ${text(inside)}`, table, at)
  return skip
}

function decideDrop(
  what: 'TABLE' | 'VIEW',
  { tables, hasIfExists }: { readonly tables: readonly NamedObject[]; readonly hasIfExists: boolean },
  isIn: (name: NamedObject) => boolean,
): DdlDecision {
  const inside = tables.filter(isIn)
  if (inside.length === 0) return skip
  if (inside.length === tables.length && what === 'TABLE') return pass
  return { kind: 'rewrite', sql: `DROP ${what} ${hasIfExists ? 'IF EXISTS ' : ''}${inside.map(quoted).join(', ')}` }
}

function decideRename(
  pairs: readonly { readonly from: NamedObject; readonly to: NamedObject }[],
  isIn: (name: NamedObject) => boolean,
  at: StatementPlace,
): DdlDecision {
  const touched = pairs.filter(({ from, to }) => isIn(from) || isIn(to))
  if (touched.length === 0) return skip
  const crossing = touched.find(({ from, to }) => isIn(from) !== isIn(to))
  if (crossing !== undefined) {
    const { from, to } = crossing
    throw notExpressible(`RENAME TABLE ${text(from)} TO ${text(to)}`, isIn(from) ? to : from, at)
  }
  if (touched.length === pairs.length) return pass
  return {
    kind: 'rewrite',
    sql: `RENAME TABLE ${touched.map(({ from, to }) => `${quoted(from)} TO ${quoted(to)}`).join(', ')}`,
  }
}

function decideDropSchema(schema: string, filter: ObjectFilter, at: StatementPlace): DdlDecision {
  if (!filter.includesSchema(schema)) return skip
  if (filter.includesWholeSchema(schema)) return pass
  const tables = filter.tablesByName(schema)
  if (tables === null)
    throw new InexpressibleStatementError(
      `DROP DATABASE ${quoteName(schema)} at ${at.place} of the source drops tables that this job replicates and others; ` +
        'drop the replicated ones at the target and begin the job anew behind it',
      { details: { place: at.place, schema } },
    )
  if (tables.length === 0) return skip
  return { kind: 'rewrite', sql: `DROP TABLE IF EXISTS ${tables.map((name) => quoteTable(schema, name)).join(', ')}` }
}

function decideRows(tables: readonly NamedObject[] | null, filter: ObjectFilter, at: StatementPlace): DdlDecision {
  if (tables !== null && !tables.some(({ schema, name }) => filter.includesTable(schema, name))) return skip
  const isElsewhere = tables === null && at.defaultSchema !== '' && !filter.includesSchema(at.defaultSchema)
  if (isElsewhere) return skip
  const what = tables === null ? 'tables' : tables.map(text).join(', ')
  throw new StatementFormatError(
    `the source logged a change of ${what} as a statement at ${at.place}, so its rows can't be told; set ` +
      'binlog_format=ROW on the source (SET GLOBAL, and reconnect all clients), then delete this job and create it again',
    { details: { place: at.place } },
  )
}

function notExpressible(what: string, outside: NamedObject, at: StatementPlace): InexpressibleStatementError {
  return new InexpressibleStatementError(
    `${what} at ${at.place} of the source also names ${text(outside)}, which this job does not replicate; add it to ` +
      'ReplicateDoDb and create the job again',
    { details: { place: at.place } },
  )
}

function text({ schema, name }: NamedObject): string {
  return `${schema}.${name}`
}

function quoted({ schema, name }: NamedObject): string {
  return quoteTable(schema, name)
}
