/**
 * How a table at the target differs from the one that the source's CREATE statement would make there.
 *
 * Easy to get wrong: comparing texts of two servers finds differences that are none. Instead the source's table is made
 * under another name in our own schema, and the target describes both.
 */
import type { Row, Session } from '../../mysql/session.ts'
import { quoteName, utf8Text } from './sql-text.ts'

const probeSchema = 'millrace'
const probeTable = 'probe'
const shownDifferences = 3

/**
 * @param createSql as it would be run at the target
 * @returns differences in words; empty when there are none
 * @throws what `Session.execute` throws
 */
export async function tableDifferences(
  session: Session,
  schema: string,
  table: string,
  createSql: string,
): Promise<string[]> {
  await session.execute(`DROP TABLE IF EXISTS ${probeSchema}.${probeTable}`)
  await session.execute(`USE ${probeSchema}`)
  await session.execute(asProbe(createSql))
  try {
    const found = await describe(session, schema, table)
    const wanted = await describe(session, probeSchema, probeTable)
    return compare(found, wanted)
  } finally {
    await session.execute(`DROP TABLE IF EXISTS ${probeSchema}.${probeTable}`)
  }
}

/** In words, at most a few of them. */
export function differencesText(differences: readonly string[]): string {
  const shown = differences.slice(0, shownDifferences).join('; ')
  const more = differences.length - shownDifferences
  return more > 0 ? `${shown}; and ${more} more` : shown
}

/** The statement for the probe: another name, and no foreign keys, which would point into our schema. */
export function asProbe(createSql: string): string {
  return createSql
    .replace(
      /^(\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?)`(?:[^`]|``)+`/i,
      `$1${probeSchema}.${quoteName(probeTable)}`,
    )
    .replace(/,\s*\n\s*CONSTRAINT `(?:[^`]|``)+` FOREIGN KEY [^\n]*?(?=,?\n)/g, '')
}

interface Description {
  readonly columns: ReadonlyMap<string, string>
  readonly order: readonly string[]
  readonly keys: ReadonlyMap<string, string>
}

async function describe(session: Session, schema: string, table: string): Promise<Description> {
  const where = `TABLE_SCHEMA = ${utf8Text(schema)} AND TABLE_NAME = ${utf8Text(table)}`
  const columns = await session.query(
    `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS is_nullable, COLLATION_NAME AS collation, EXTRA AS extra
     FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`,
  )
  const parts = await session.query(
    `SELECT INDEX_NAME AS name, NON_UNIQUE AS non_unique, COLUMN_NAME AS column_name, SUB_PART AS sub_part
     FROM information_schema.STATISTICS WHERE ${where} ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
  )
  return {
    order: columns.map((row) => row['name'] ?? ''),
    columns: new Map(columns.map((row) => [row['name'] ?? '', columnText(row)])),
    keys: keyTexts(parts),
  }
}

function columnText(row: Row): string {
  const collation = row['collation'] == null ? '' : ` collate ${row['collation']}`
  const nullable = row['is_nullable'] === 'YES' ? ' null' : ' not null'
  const extra = (row['extra'] ?? '').toLowerCase().replace('default_generated', '').trim()
  return `${row['type']}${collation}${nullable}${extra === '' ? '' : ` ${extra}`}`
}

function keyTexts(parts: readonly Row[]): Map<string, string> {
  const keys = new Map<string, string>()
  for (const part of parts) {
    const name = part['name'] ?? ''
    const column = `${part['column_name'] ?? '(expression)'}${part['sub_part'] == null ? '' : `(${part['sub_part']})`}`
    const before = keys.get(name)
    keys.set(
      name,
      before === undefined ? `${part['non_unique'] === '0' ? 'unique ' : ''}${column}` : `${before}, ${column}`,
    )
  }
  return keys
}

function compare(found: Description, wanted: Description): string[] {
  const differences = [
    ...compareMaps('column', found.columns, wanted.columns),
    ...compareMaps('key', found.keys, wanted.keys),
  ]
  if (differences.length === 0 && found.order.join('\0') !== wanted.order.join('\0'))
    differences.push(
      `its columns come in the order ${found.order.join(', ')}, at the source ${wanted.order.join(', ')}`,
    )
  return differences
}

function compareMaps(sort: string, found: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): string[] {
  const differences: string[] = []
  for (const [name, text] of wanted) {
    const there = found.get(name)
    if (there === undefined) differences.push(`${sort} ${quoteName(name)} is missing at the target`)
    else if (there !== text)
      differences.push(`${sort} ${quoteName(name)} is ${there} at the target, ${text} at the source`)
  }
  for (const name of found.keys())
    if (!wanted.has(name)) differences.push(`${sort} ${quoteName(name)} is at the target only`)
  return differences
}
