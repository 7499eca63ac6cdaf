/**
 * Binary JSON as text, in the server's own spelling: `{"a": 1, "b": [true, 1.0]}`.
 *
 * Easy to get wrong: text is not exact for decimals (they come back as doubles), dates and bytes (as strings). Use
 * `jsonExpression` where the target is a JSON column that must be equal.
 */
import { type JsonNode, readJson } from './json-binary.ts'

/** The document as JSON text. @throws MalformedEventError */
export function jsonText(bytes: Buffer): string {
  return nodeText(readJson(bytes))
}

export function nodeText(node: JsonNode): string {
  switch (node.kind) {
    case 'null':
      return 'null'
    case 'boolean':
    case 'integer':
      return String(node.value)
    case 'double':
      return doubleText(node.value)
    case 'decimal':
      return node.text
    case 'string':
      return JSON.stringify(node.bytes.toString('utf8'))
    case 'date':
    case 'time':
    case 'datetime':
    case 'timestamp':
      return `"${node.text}"`
    case 'opaque':
      return `"base64:type${node.type}:${node.bytes.toString('base64')}"`
    case 'array':
      return `[${node.items.map(nodeText).join(', ')}]`
    case 'object':
      return `{${node.members.map(({ key, value }) => `${JSON.stringify(key.toString('utf8'))}: ${nodeText(value)}`).join(', ')}}`
  }
}

/** Shortest text that reads back as the same double, and as a double: `1.0`, not `1`. */
export function doubleText(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value).replace('e+', 'e')
  return /[.e]/.test(text) ? text : `${text}.0`
}
