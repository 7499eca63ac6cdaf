/**
 * Binary JSON as an SQL expression of type JSON that is equal to it, types inside included.
 *
 * Documents of strings, booleans, null, signed integers and large unsigned ones go as text. Anything that text would
 * change (decimals, dates, bytes, small unsigned integers, and doubles, whose text the server does not always read to
 * the last bit) makes the document a nest of JSON_OBJECT and JSON_ARRAY calls around typed values.
 *
 * Limits: a TIMESTAMP inside becomes a DATETIME (SQL has no TIMESTAMP value), and bytes of a rare server type (such as
 * BIT) become those of a string type; both read the same by every function but JSON_TYPE.
 */
import { type JsonNode, readJson } from './json-binary.ts'
import { doubleText, nodeText } from './json-text.ts'

const largestPrecision = 65
const largestSigned = 0x7fff_ffff_ffff_ffffn

/** The expression, for a JSON column of MySQL 5.7 and later. @throws MalformedEventError */
export function jsonExpression(bytes: Buffer): string {
  return jsonNodeExpression(readJson(bytes))
}

/** The same for a document that was not read from a row image. */
export function jsonNodeExpression(node: JsonNode): string {
  if (isExactAsText(node)) return `CAST(${utf8Literal(Buffer.from(nodeText(node)))} AS JSON)`
  return node.kind === 'array' || node.kind === 'object' ? expression(node) : `CAST(${expression(node)} AS JSON)`
}

function isExactAsText(node: JsonNode): boolean {
  switch (node.kind) {
    case 'null':
    case 'boolean':
    case 'string':
      return true
    case 'integer':
      return !node.isUnsigned || node.value > largestSigned
    case 'array':
      return node.items.every(isExactAsText)
    case 'object':
      return node.members.every(({ value }) => isExactAsText(value))
    default:
      return false
  }
}

function expression(node: JsonNode): string {
  switch (node.kind) {
    case 'null':
      return 'NULL'
    case 'boolean':
      return `CAST(_utf8mb4'${node.value}' AS JSON)`
    case 'integer':
      return node.isUnsigned ? `CAST(${node.value} AS UNSIGNED)` : `CAST(${node.value} AS SIGNED)`
    case 'double':
      return `${doubleText(node.value)}${Number.isFinite(node.value) && !doubleText(node.value).includes('e') ? 'e0' : ''}`
    case 'string':
      return utf8Literal(node.bytes)
    case 'decimal':
      return decimalExpression(node)
    case 'date':
      return `CAST('${node.text}' AS DATE)`
    case 'time':
      return `CAST('${node.text}' AS TIME(6))`
    case 'datetime':
    case 'timestamp':
      return `CAST('${node.text}' AS DATETIME(6))`
    case 'opaque':
      return `X'${node.bytes.toString('hex')}'`
    case 'array':
      return `JSON_ARRAY(${node.items.map(expression).join(',')})`
    case 'object':
      return `JSON_OBJECT(${node.members.map(({ key, value }) => `${utf8Literal(key)},${expression(value)}`).join(',')})`
  }
}

/**
 * A literal has the precision of its digits; a CAST rounds the digits before the point up to whole groups of nine, so a
 * precision beyond the largest of a CAST (65) comes out of it again.
 */
function decimalExpression({ text, precision, scale }: { text: string; precision: number; scale: number }): string {
  const digits = text.replace(/[-.]/g, '').length
  if (scale > 0 && digits === precision) return text
  return `CAST('${text}' AS DECIMAL(${Math.min(precision, largestPrecision)},${scale}))`
}

function utf8Literal(bytes: Buffer): string {
  return `_utf8mb4 X'${bytes.toString('hex')}'`
}
