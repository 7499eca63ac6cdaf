/**
 * Partial JSON updates (`binlog_row_value_options=PARTIAL_JSON`): the differences in place of a document.
 *
 *     { operation(1) path-length(lenenc) path [value-length(lenenc) value] }
 *
 * They apply, in order, to the document as it was before. Source: sql/json_diff.cc, Json_diff_vector.
 */
import { MalformedEventError } from './errors.ts'
import { jsonExpression } from './json-expression.ts'
import { lengthEncoded, lengthEncodedBytes } from './length-encoded.ts'

export interface JsonDiff {
  /** `replace` what is there, `insert` a member or array cell, `remove` one. */
  readonly operation: 'replace' | 'insert' | 'remove'
  /** A JSON path such as `$.a[3]`, UTF-8. */
  readonly path: Buffer
  /** The new value in binary JSON; null for `remove`. */
  readonly value: Buffer | null
}

const operations = ['replace', 'insert', 'remove'] as const

/** Reads the differences of a column for which `RowImage.isPartial` holds. @throws MalformedEventError */
export function decodeJsonDiffs(bytes: Buffer): JsonDiff[] {
  const diffs: JsonDiff[] = []
  let at = 0
  const next = () => {
    const start = at + lengthEncodedBytes(bytes, at)
    at = start + lengthEncoded(bytes, at)
    if (at > bytes.length) throw new RangeError('past the end')
    return bytes.subarray(start, at)
  }
  try {
    while (at < bytes.length) {
      const operation = operations[bytes.readUInt8(at)]
      if (operation === undefined) throw new RangeError('unknown operation')
      at += 1
      diffs.push({ operation, path: next(), value: operation === 'remove' ? null : next() })
    }
  } catch (cause) {
    throw new MalformedEventError("a partial JSON update can't be decoded", { cause })
  }
  return diffs
}

/**
 * The new document as an SQL expression over the column.
 *
 * @param column the column's quoted name
 */
export function jsonDiffExpression(column: string, diffs: readonly JsonDiff[]): string {
  return diffs.reduce((document, { operation, path, value }) => {
    const at = `_utf8mb4 X'${path.toString('hex')}'`
    if (value === null) return `JSON_REMOVE(${document},${at})`
    const call = operation === 'replace' ? 'JSON_REPLACE' : path.at(-1) === 0x5d ? 'JSON_ARRAY_INSERT' : 'JSON_INSERT'
    return `${call}(${document},${at},${jsonExpression(value)})`
  }, column)
}
