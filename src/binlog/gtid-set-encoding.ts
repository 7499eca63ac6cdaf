/**
 * A GTID set in bytes: what COM_BINLOG_DUMP_GTID sends and a previous-GTIDs event holds.
 *
 *     header(8) { uuid(16) [tag-length(varint) tag] intervals(8) { first(8) end(8, exclusive) } }
 *
 * The header is the number of sources. When any source has a tag (8.3 and later), the header is
 * `1 << 56 | sources << 8 | 1` and every source carries a tag field, perhaps empty. The tag's length is a
 * mysql::serialization integer: one byte of twice the length. Source: sql/rpl_gtid_set.cc, encode_nsids_format.
 */
import { MalformedEventError } from './errors.ts'
import { GtidSet } from './gtid-set.ts'

const taggedFormat = 1n

/** Encodes the set; with tags only if it holds some, because older servers don't know that form. */
export function encodeGtidSet(set: GtidSet): Buffer {
  const entries = [...set.entries()]
  const hasTags = set.hasTags
  const count = BigInt(entries.length)
  const parts = [uint64(hasTags ? (taggedFormat << 56n) | (count << 8n) | taggedFormat : count)]
  for (const { uuid, tag, ranges } of entries) {
    parts.push(uuidToBytes(uuid))
    if (hasTags) parts.push(Buffer.from([tag.length << 1]), Buffer.from(tag, 'latin1'))
    parts.push(uint64(BigInt(ranges.length)))
    for (const { first, last } of ranges) parts.push(uint64(first), uint64(last + 1n))
  }
  return Buffer.concat(parts)
}

/** @throws MalformedEventError if the bytes end early or the format is unknown */
export function decodeGtidSet(bytes: Buffer): GtidSet {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof RangeError) throw new MalformedEventError('a GTID set ends in the middle', { cause: error })
    throw error
  }
}

function decode(bytes: Buffer): GtidSet {
  const header = bytes.readBigUInt64LE(0)
  const format = header >> 56n
  if (format > taggedFormat) throw new MalformedEventError(`a GTID set has the unknown format ${format}`)
  const hasTags = format === taggedFormat
  const count = hasTags ? (header >> 8n) & 0xffff_ffff_ffffn : header
  const set = new GtidSet()
  let offset = 8
  for (let source = 0n; source < count; source += 1n) {
    const uuid = uuidFromBytes(bytes, offset)
    offset += 16
    let tag = ''
    if (hasTags) {
      const length = bytes.readUInt8(offset) >> 1
      tag = bytes.toString('latin1', offset + 1, offset + 1 + length)
      offset += 1 + length
    }
    const intervals = bytes.readBigUInt64LE(offset)
    offset += 8
    for (let interval = 0n; interval < intervals; interval += 1n, offset += 16)
      set.addRange(uuid, tag, bytes.readBigUInt64LE(offset), bytes.readBigUInt64LE(offset + 8) - 1n)
  }
  return set
}

const lastBytes = new Int32Array(4)
let lastUuid = '00000000-0000-0000-0000-000000000000'

/** Sixteen bytes as the usual text. A log names one server nearly always, so the last text is kept. */
export function uuidFromBytes(bytes: Buffer, offset: number): string {
  if (!isLastUuid(bytes, offset)) {
    lastUuid = newUuid(bytes, offset)
    for (let word = 0; word < 4; word += 1) lastBytes[word] = bytes.readInt32LE(offset + 4 * word)
  }
  return lastUuid
}

function isLastUuid(bytes: Buffer, offset: number): boolean {
  for (let word = 0; word < 4; word += 1) if (bytes.readInt32LE(offset + 4 * word) !== lastBytes[word]) return false
  return true
}

function newUuid(bytes: Buffer, offset: number): string {
  const hex = bytes.toString('hex', offset, offset + 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export function uuidToBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}
