/** A logged statement as people may see it: short, on one line, without texts, which may be somebody's data. */

const longest = 300
/** Nothing behind this is looked at. */
const longestRead = 4_000
const pieces =
  /`(?:[^`]|``)*`|'(?:[^'\\]|\\.|'')*'?|"(?:[^"\\]|\\.|"")*"?|\/\*(?![!M]).*?(?:\*\/|$)|--[ \t][^\n]*|#[^\n]*|\b0x[\da-f]+|\s+/gis

/** @param sql as text; see decode-sql.ts */
export function shownSql(sql: string): string {
  const text = sql
    .slice(0, longestRead)
    .replace(pieces, (piece) => {
      if (piece.startsWith('`')) return piece
      if (/^['"]/.test(piece)) return "'...'"
      return /^0x/i.test(piece) ? '0x...' : ' '
    })
    .replace(/ {2,}/g, ' ')
    .trim()
  return text.length > longest ? `${text.slice(0, longest)}...` : text
}
