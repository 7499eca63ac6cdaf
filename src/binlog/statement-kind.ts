/**
 * What a query event does to the transaction it stands in.
 *
 * Servers write these words themselves, in one spelling: `BEGIN` (see `isBeginEvent`), `COMMIT`, `ROLLBACK`, SAVEPOINT
 * and ROLLBACK TO with a quoted name, XA statements with the name in hexadecimal. A user's own text never looks so,
 * except for a procedure's body, which begins with CREATE.
 */
import { MalformedEventError } from './errors.ts'
import type { Xid } from './transaction-part.ts'

export type StatementKind =
  | 'commit'
  | 'rollback'
  | 'savepoint'
  | 'rollback-to-savepoint'
  | 'xa-start'
  | 'xa-end'
  | 'xa-commit'
  | 'xa-rollback'
  | 'other'

const longestControlBytes = 512

/** Tells by the first words. */
export function statementKind(sql: Buffer): StatementKind {
  switch (sql[0]) {
    case 0x43: // C
    case 0x52: // R
    case 0x53: // S
    case 0x58: // X
      return controlKind(sql.toString('latin1', 0, longestControlBytes))
    default:
      return 'other'
  }
}

function controlKind(text: string): StatementKind {
  if (text === 'COMMIT') return 'commit'
  if (text === 'ROLLBACK') return 'rollback'
  if (/^SAVEPOINT /i.test(text)) return 'savepoint'
  if (/^ROLLBACK TO /i.test(text)) return 'rollback-to-savepoint'
  if (/^XA START /.test(text)) return 'xa-start'
  if (/^XA END /.test(text)) return 'xa-end'
  if (/^XA COMMIT /.test(text)) return 'xa-commit'
  return /^XA ROLLBACK /.test(text) ? 'xa-rollback' : 'other'
}

const xaPattern = /^XA \w+ X'([0-9a-f]*)'(?:,\s*X'([0-9a-f]*)')?(?:,\s*(\d+))?/i

/** The name in an XA statement as servers write it. @throws MalformedEventError */
export function parseXid(sql: Buffer): Xid {
  const text = sql.toString('latin1', 0, longestControlBytes)
  const match = xaPattern.exec(text)
  if (match === null) throw new MalformedEventError(`"${text}" names no XA transaction`)
  const [, gtrid = '', bqual = '', formatId = '1'] = match
  return { formatId: Number(formatId), gtrid: Buffer.from(gtrid, 'hex'), bqual: Buffer.from(bqual, 'hex') }
}
