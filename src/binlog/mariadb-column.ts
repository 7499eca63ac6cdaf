/**
 * Values of MariaDB's compressed columns (`VARCHAR(n) COMPRESSED`): compressed in the log as in the table.
 *
 *     0x00 bytes;   or   method << 4 | raw << 3 | length-bytes, length (big endian), zlib data
 *
 * Method 8 is zlib; with the raw bit (the default, column_compression_zlib_wrap=OFF) without zlib's head and tail.
 * Source: sql/field_comp.cc and sql/field.cc, Field_longstr::uncompress (MariaDB 10.11).
 */
import { inflateRawSync, inflateSync } from 'node:zlib'
import { MalformedEventError } from './errors.ts'

/** The plain bytes. @throws MalformedEventError if the method is unknown or the data broken */
export function inflateColumn(bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes
  const head = bytes.readUInt8(0)
  if (head === 0) return bytes.subarray(1)
  const lengthBytes = head & 0x07
  if (head >> 4 !== 8 || lengthBytes === 0 || lengthBytes > 4 || bytes.length < 1 + lengthBytes)
    throw new MalformedEventError(`a compressed column has the unknown head 0x${head.toString(16)}`)
  const maxOutputLength = Math.max(bytes.readUIntBE(1, lengthBytes), 1)
  const data = bytes.subarray(1 + lengthBytes)
  try {
    return (head & 0x08) === 0 ? inflateSync(data, { maxOutputLength }) : inflateRawSync(data, { maxOutputLength })
  } catch (cause) {
    throw new MalformedEventError('a compressed column is broken', { cause })
  }
}
