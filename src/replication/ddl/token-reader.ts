/** Reads tokens one after another with a look ahead, and the names among them. */
import type { SqlScanner, Token } from './sql-tokens.ts'

export interface NamedObject {
  readonly schema: string
  readonly name: string
}

export class TokenReader {
  readonly #scanner: SqlScanner
  readonly defaultSchema: string
  readonly #ahead: Token[] = []
  #isAtEnd = false
  /** Where the token taken last ends in the statement. */
  lastEnd = 0

  constructor(scanner: SqlScanner, defaultSchema: string) {
    this.#scanner = scanner
    this.defaultSchema = defaultSchema
  }

  peek(distance = 0): Token | null {
    while (!this.#isAtEnd && this.#ahead.length <= distance) {
      const token = this.#scanner.next()
      if (token === null) this.#isAtEnd = true
      else this.#ahead.push(token)
    }
    return this.#ahead[distance] ?? null
  }

  take(): Token | null {
    const token = this.peek()
    this.#ahead.shift()
    if (token !== null) this.lastEnd = token.end
    return token
  }

  /** True when the next tokens are these keywords or symbols. */
  sees(...words: readonly string[]): boolean {
    return words.every((word, index) => {
      const token = this.peek(index)
      return token !== null && (token.keyword === word || (token.kind === 'symbol' && token.text === word))
    })
  }

  /** Takes these keywords or symbols if they come next, all or none. */
  takes(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false
    for (let count = 0; count < words.length; count += 1) this.take()
    return true
  }

  /** Takes tokens until one of the keywords comes next, outside brackets. @returns it, or null at the end */
  skipTo(...keywords: readonly string[]): string | null {
    let depth = 0
    for (let token = this.peek(); token !== null; token = this.peek()) {
      if (token.kind === 'symbol') depth += token.text === '(' ? 1 : token.text === ')' ? -1 : 0
      if (
        depth === 0 &&
        (keywords.includes(token.keyword) || (token.kind === 'symbol' && keywords.includes(token.text)))
      )
        return token.keyword || token.text
      this.take()
    }
    return null
  }

  /** A name that may be qualified: `a`, `a.b`, `.b`. Null when none comes next. */
  name(): NamedObject | null {
    if (this.takes('.')) return this.#plain(this.defaultSchema)
    const first = this.peek()
    if (first === null || (first.kind !== 'word' && first.kind !== 'name')) return null
    this.take()
    if (!this.takes('.')) return { schema: this.defaultSchema, name: first.text }
    return this.#plain(first.text)
  }

  /** A name that is never qualified. */
  plainName(): string | null {
    const token = this.peek()
    if (token === null || (token.kind !== 'word' && token.kind !== 'name')) return null
    this.take()
    return token.text
  }

  /** Names separated by commas. */
  names(): readonly NamedObject[] {
    const names: NamedObject[] = []
    do {
      const name = this.name()
      if (name === null) return names
      names.push(name)
    } while (this.takes(','))
    return names
  }

  #plain(schema: string): NamedObject | null {
    const name = this.plainName()
    return name === null ? null : { schema, name }
  }
}
