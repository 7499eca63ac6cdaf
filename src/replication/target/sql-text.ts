/**
 * Statements as bytes: names and texts in UTF-8, values in whatever character set they are stored.
 *
 * Easy to get wrong: quoting byte by byte is only right while the session's character_set_client is `binary`. In gbk or
 * sjis a backslash can be the second byte of a character.
 */
const quote = 0x27
const backslash = 0x5c
/** Text of more bytes is copied as a whole, after a look whether it may be. */
const shortBytes = 32
/** Memory for a statement of unusual length is not kept. */
const mostKeptBytes = 1024 * 1024
const hexDigits = Buffer.from('0123456789ABCDEF', 'latin1')

/** A statement that grows. `clear` keeps the memory. */
export class SqlText {
  #buffer: Buffer
  #length = 0

  constructor(initialBytes = 4096) {
    this.#buffer = Buffer.allocUnsafe(initialBytes)
  }

  get length(): number {
    return this.#length
  }

  /** Adds text of any characters, as UTF-8. */
  add(text: string): this {
    this.#reserve(text.length * 3)
    this.#length += this.#buffer.write(text, this.#length, 'utf8')
    return this
  }

  /** Adds bytes as they are. */
  addBytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  addByte(byte: number): this {
    this.#reserve(1)
    this.#buffer[this.#length++] = byte
    return this
  }

  /** Adds a whole number of at most 32 bits. */
  addInteger(value: number): this {
    this.#reserve(11)
    if (value < 0) this.#buffer[this.#length++] = 0x2d
    let left = Math.abs(value)
    let digits = 1
    for (let limit = 10; left >= limit; limit *= 10) digits += 1
    this.#length += digits
    for (let at = this.#length - 1; digits > 0; digits -= 1, at -= 1) {
      const rest = Math.floor(left / 10)
      this.#buffer[at] = 0x30 + left - rest * 10
      left = rest
    }
    return this
  }

  /** Adds `'...'` of the bytes from `start` to `end`: quotes and backslashes escaped, everything else as it is. */
  addQuoted(bytes: Uint8Array, start = 0, end = bytes.length): this {
    this.#reserve((end - start) * 2 + 2)
    const buffer = this.#buffer
    let at = this.#length
    buffer[at++] = quote
    const whole = end - start > shortBytes ? bytes.subarray(start, end) : null
    if (whole === null || whole.includes(quote) || whole.includes(backslash)) {
      for (let index = start; index < end; index += 1) {
        const byte = bytes[index] ?? 0
        if (byte === quote || byte === backslash) buffer[at++] = backslash
        buffer[at++] = byte
      }
    } else {
      buffer.set(whole, at)
      at += whole.length
    }
    buffer[at++] = quote
    this.#length = at
    return this
  }

  /** Adds `0x...`, or `''` for no bytes (`0x` alone is a name). */
  addHex(bytes: Uint8Array): this {
    if (bytes.length === 0) return this.add("''")
    this.#reserve(bytes.length * 2 + 2)
    this.add('0x')
    for (const byte of bytes) {
      this.#buffer[this.#length++] = hexDigits[byte >> 4] ?? 0
      this.#buffer[this.#length++] = hexDigits[byte & 15] ?? 0
    }
    return this
  }

  /** Cuts off everything after `length`. @returns a copy of it */
  cutFrom(length: number): Buffer {
    const rest = Buffer.from(this.#buffer.subarray(length, this.#length))
    this.#length = length
    return rest
  }

  clear(): void {
    this.#length = 0
    if (this.#buffer.length > mostKeptBytes) this.#buffer = Buffer.allocUnsafe(mostKeptBytes >> 4)
  }

  /** What was written; holds until something else is. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** A copy of what was written. */
  toBuffer(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length))
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + more))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}

/** A name in backticks. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** `schema`.`table` */
export function quoteTable(schema: string, table: string): string {
  return `${quoteName(schema)}.${quoteName(table)}`
}

/** A text literal for sessions without NO_BACKSLASH_ESCAPES. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/**
 * A text literal that compares as UTF-8 whatever the session's character set is: without the introducer a session of
 * character set `binary` would compare a collated column byte by byte and miss its index.
 */
export function utf8Text(text: string): string {
  return `_utf8${quoteText(text)}`
}
