/**
 * Cuts a statement into tokens, as far as telling its kind and the names in it needs.
 *
 * Easy to get wrong: what stands in a version comment (`!50001` or MariaDB's `M!100100` behind the opening) is executed, so it
 * is scanned; a comment for a later version than the server's is not. Backslashes escape only without
 * NO_BACKSLASH_ESCAPES, and double quotes hold names only with ANSI_QUOTES.
 */
export interface Token {
  /** `word`: bare name or keyword; `name`: quoted name; `text`: string literal; `symbol`: one character. */
  readonly kind: 'word' | 'name' | 'text' | 'symbol'
  /** Without quotes; a word as written. */
  readonly text: string
  /** The same in upper case for words, empty for the other kinds: what keywords are compared with. */
  readonly keyword: string
  /** Where it begins and ends in the statement. */
  readonly start: number
  readonly end: number
}

export interface SqlDialect {
  readonly vendor: 'mysql' | 'mariadb'
  /** As version comments write it: 90700 for 9.7.0, 101114 for MariaDB 10.11.14. */
  readonly versionNumber: number
  readonly hasAnsiQuotes: boolean
  readonly hasBackslashEscapes: boolean
}

const wordPattern = /[\p{L}\p{N}_$\u0080-\uffff]+/uy
const versionCommentPattern = /\/\*(M?)!(\d{5,6})?/y

export class SqlScanner {
  readonly #sql: string
  readonly #dialect: SqlDialect
  #at = 0

  constructor(sql: string, dialect: SqlDialect) {
    this.#sql = sql
    this.#dialect = dialect
  }

  /** The next token, or null at the end. */
  next(): Token | null {
    for (;;) {
      const char = this.#sql[this.#at]
      if (char === undefined) return null
      if (/\s/.test(char) || char === '\0') this.#at += 1
      else if (!this.#skipComment(char)) return this.#token(char)
    }
  }

  #skipComment(char: string): boolean {
    const two = this.#sql.slice(this.#at, this.#at + 2)
    if (char === '#' || (two === '--' && /^(\s|\0)?$/.test(this.#sql[this.#at + 2] ?? ''))) {
      const end = this.#sql.indexOf('\n', this.#at)
      this.#at = end < 0 ? this.#sql.length : end + 1
      return true
    }
    if (two === '/*') {
      this.#skipBlock()
      return true
    }
    // The end of a version comment whose inside was scanned.
    if (two === '*/') {
      this.#at += 2
      return true
    }
    return false
  }

  #skipBlock(): void {
    versionCommentPattern.lastIndex = this.#at
    const match = versionCommentPattern.exec(this.#sql)
    if (match !== null && this.#isExecuted(match[1] === 'M', match[2])) {
      this.#at += match[0].length
      return
    }
    const end = this.#sql.indexOf('*/', this.#at + 2)
    this.#at = end < 0 ? this.#sql.length : end + 2
  }

  #isExecuted(isMariadbOnly: boolean, version: string | undefined): boolean {
    const { vendor, versionNumber } = this.#dialect
    if (isMariadbOnly && vendor !== 'mariadb') return false
    if (version === undefined) return true
    const number = Number(version)
    // Parity: MariaDB leaves out what only MySQL 5.7 and later understand (sql/sql_lex.cc, version_check).
    if (vendor === 'mariadb' && !isMariadbOnly && number >= 50_700 && number <= 99_999) return false
    return number <= versionNumber
  }

  #token(char: string): Token {
    if (char === '`') return this.#quoted('name', '`')
    if (char === '"') return this.#quoted(this.#dialect.hasAnsiQuotes ? 'name' : 'text', '"')
    if (char === "'") return this.#quoted('text', "'")
    wordPattern.lastIndex = this.#at
    const word = wordPattern.exec(this.#sql)?.[0]
    const start = this.#at
    this.#at += word?.length ?? 1
    if (word === undefined) return { kind: 'symbol', text: char, keyword: '', start, end: this.#at }
    return { kind: 'word', text: word, keyword: word.toUpperCase(), start, end: this.#at }
  }

  #quoted(kind: 'name' | 'text', quote: string): Token {
    const start = this.#at
    let text = ''
    let at = start + 1
    for (; at < this.#sql.length; at += 1) {
      const char = this.#sql[at]
      if (char === quote) {
        if (this.#sql[at + 1] !== quote) break
        at += 1
        text += quote
      } else if (char === '\\' && kind === 'text' && this.#dialect.hasBackslashEscapes) {
        at += 1
        text += this.#sql[at] ?? ''
      } else text += char
    }
    this.#at = at + 1
    return { kind, text, keyword: '', start, end: this.#at }
  }
}
