/** Names and texts in SQL of ours. Statements are sent as UTF-8, under a sql_mode with backslash escapes. */

/** Any name between backticks. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** `schema`.`table` */
export function quoteTable(schema: string, table: string): string {
  return `${quoteName(schema)}.${quoteName(table)}`
}

/** A string literal in the connection's character set. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0')}'`
}

/** Bytes as a binary literal; empty bytes as the empty string. */
export function quoteBytes(bytes: Uint8Array): string {
  return bytes.length === 0 ? "''" : `X'${Buffer.from(bytes).toString('hex')}'`
}
