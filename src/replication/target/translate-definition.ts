/**
 * CREATE TABLE and ALTER TABLE of one server in the words of another: between MySQL and MariaDB, and from old versions to
 * new ones. Within one vendor only what the target does not know is touched.
 *
 * Easy to get wrong: texts in quotes (defaults, comments, names) look like syntax. They are cut out first and put back
 * untouched. The statement may be in any character set that keeps ASCII: it is handled as latin1, byte for byte.
 */
import type { ServerVersion } from '../../mysql/server-version.ts'

export interface TranslationTarget {
  readonly version: Pick<ServerVersion, 'vendor' | 'major' | 'minor'>
  /** Full names, lower case. */
  readonly collations: ReadonlySet<string>
}

export interface Translation {
  readonly sql: string
  /** What was changed and means something, for people. */
  readonly notes: readonly string[]
}

/** @param sourceVendor of the server that wrote the statement */
export function translateDefinition(
  sql: string,
  sourceVendor: 'mysql' | 'mariadb',
  target: TranslationTarget,
): Translation {
  const notes = new Set<string>()
  let text = mapCollations(sql, target, notes)
  if (sourceVendor !== target.version.vendor)
    text = target.version.vendor === 'mysql' ? mariadbToMysql(text, target, notes) : mysqlToMariadb(text, notes)
  return { sql: text, notes: [...notes] }
}

const quoted = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`/gs

/** Applies `change` to the statement with everything in quotes replaced by marks. */
function outsideQuotes(sql: string, change: (text: string) => string): string {
  const kept: string[] = []
  const text = sql.replace(quoted, (part) => {
    kept.push(part)
    return `\0${kept.length - 1}\0`
  })
  return change(text).replace(/\0(\d+)\0/g, (_mark, index: string) => kept[Number(index)] ?? '')
}

function mapCollations(sql: string, target: TranslationTarget, notes: Set<string>): string {
  return outsideQuotes(sql, (text) =>
    text.replace(/\b(COLLATE\s*=?\s*)([a-z0-9_]+)/gi, (whole, before: string, name: string) => {
      const collation = name.toLowerCase()
      if (target.collations.size === 0 || target.collations.has(collation)) return whole
      const near = nearestCollation(collation, target.collations)
      if (near === null) return whole
      notes.add(`collation ${collation} is not known to the target, ${near} is used`)
      return before + near
    }),
  )
}

/** A collation of the same character set that the target has, as near as can be; null when there is none. */
export function nearestCollation(collation: string, known: ReadonlySet<string>): string | null {
  const characterSet = collation.split('_')[0] ?? ''
  const candidates = [...candidateSuffixes(collation), 'unicode_520_ci', 'unicode_ci', 'general_ci', 'bin']
  const found = candidates.map((suffix) => `${characterSet}_${suffix}`).find((name) => known.has(name))
  return found ?? [...known].find((name) => name.startsWith(`${characterSet}_`)) ?? null
}

function candidateSuffixes(collation: string): string[] {
  if (/_bin$/.test(collation)) return ['0900_bin', 'nopad_bin', 'bin']
  const sensitivity = /_(ai_ci|as_ci|ai_cs|as_cs)$/.exec(collation)?.[1] ?? 'ai_ci'
  return [`0900_${sensitivity}`, `uca1400_nopad_${sensitivity}`, `uca1400_${sensitivity}`, '0900_ai_ci']
}

const mariadbOptions =
  'PAGE_CHECKSUM|TRANSACTIONAL|PAGE_COMPRESSED|PAGE_COMPRESSION_LEVEL|ENCRYPTED|ENCRYPTION_KEY_ID|IETF_QUOTES|SEQUENCE'

function mariadbToMysql(sql: string, { version }: TranslationTarget, notes: Set<string>): string {
  const withoutOptions = sql.replace(
    new RegExp(`\\s*,?\\s\`?(?:${mariadbOptions})\`?\\s*=\\s*(?:'[^']*'|\\w+)`, 'gi'),
    '',
  )
  return outsideQuotes(withoutOptions, (text) => {
    let result = text.replace(/\bENGINE\s*=\s*(?:Aria|ROCKSDB)\b/gi, (engine) => {
      notes.add(`${engine} is not known to the target, InnoDB is used`)
      return 'ENGINE=InnoDB'
    })
    result = result.replace(/\bWITHOUT OVERLAPS\b|\bWITH SYSTEM VERSIONING\b/gi, (clause) => {
      notes.add(`the target has no ${clause}`)
      return ''
    })
    result = result.replace(/ \/\*M?!\d* ?COMPRESSED(?:\*\/)?\*\//gi, '')
    if (version.major >= 8) result = wrapDefaultExpressions(result)
    return result
  })
}

/** `DEFAULT uuid()` is `DEFAULT (uuid())` in MySQL; the current time needs no parentheses. */
function wrapDefaultExpressions(text: string): string {
  const call = /\bDEFAULT (?!(?:current_timestamp|now|localtime|localtimestamp)\()[a-z_0-9]+\(/gi
  let result = ''
  let from = 0
  for (let match = call.exec(text); match !== null; match = call.exec(text)) {
    const end = closingParenthesis(text, call.lastIndex)
    if (end < 0) break
    const start = match.index + 'DEFAULT '.length
    result += `${text.slice(from, start)}(${text.slice(start, end + 1)})`
    from = end + 1
    call.lastIndex = from
  }
  return result + text.slice(from)
}

/** Where the parenthesis that was opened before `from` closes; -1 when it does not. */
function closingParenthesis(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1
    else if (text[at] === ')') depth -= 1
    if (depth === 0) return at
  }
  return -1
}

function mysqlToMariadb(sql: string, notes: Set<string>): string {
  const withoutOptions = sql.replace(
    /\s(?:ENCRYPTION|COMPRESSION|SECONDARY_ENGINE(?:_ATTRIBUTE)?|ENGINE_ATTRIBUTE)\s*=\s*'[^']*'/gi,
    '',
  )
  return outsideQuotes(withoutOptions, (text) =>
    text
      .replace(/\/\*!80016 DEFAULT ENCRYPTION=[^*]*\*\//gi, '')
      .replace(/\/\*!80003 SRID \d+ \*\//gi, (clause) => {
        notes.add(`the target knows no SRID of a column (${clause.slice(8, -3).trim()})`)
        return ''
      })
      .replace(/\/\*!80000 INVISIBLE \*\//gi, () => {
        notes.add('the target has no invisible indexes; the index is visible there')
        return ''
      })
      // MySQL 8.0 and later show the standard's new name, which MariaDB does not know.
      .replace(/\bgeomcollection\b/gi, 'geometrycollection')
      .replace(/\b(STORED|VIRTUAL) NOT NULL\b/gi, '$1')
      .replace(/\b(STORED|VIRTUAL) NULL\b/gi, '$1')
      .replace(/\/\*!80013 SQL SECURITY[^*]*\*\//gi, ''),
  )
}
