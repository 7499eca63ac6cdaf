/**
 * Checks each event's CRC32 and cuts it off.
 *
 * Easy to get wrong: what an event carries is said by the format description before it, even when the replica asked
 * for none; until the first one it is what was agreed with the server. The format description itself always has room
 * for a checksum, and its own was computed without the "file in use" flag. Source:
 * libs/mysql/binlog/event/binlog_event.cpp, Log_event_footer.
 */
import { crc32 } from 'node:zlib'
import { BinlogChecksumError } from './errors.ts'
import { EventType, eventTypeName } from './event-type.ts'
import { EventFlag } from './raw-event.ts'

const checksumBytes = 4
const typeAt = 4
const flagsAt = 17

export class EventChecksum {
  #hasChecksum: boolean
  readonly #isVerified: boolean

  /**
   * @param agreed what was set in `@source_binlog_checksum`
   * @param isVerified false: cut off only
   */
  constructor(agreed: 'crc32' | 'none', isVerified: boolean) {
    this.#hasChecksum = agreed === 'crc32'
    this.#isVerified = isVerified
  }

  /**
   * @param bytes hold the event from `start` to `end`
   * @returns the event without its checksum, a view
   * @throws BinlogChecksumError if it does not fit
   */
  strip(bytes: Buffer, start = 0, end = bytes.length): Buffer {
    const isFormat = bytes[start + typeAt] === EventType.FormatDescription
    if (isFormat) return this.#stripFormatDescription(bytes.subarray(start, end))
    if (!this.#hasChecksum) return bytes.subarray(start, end)
    const contentEnd = end - checksumBytes
    if (contentEnd - start < flagsAt) throw mismatch(bytes.subarray(start, end))
    const content = bytes.subarray(start, contentEnd)
    if (this.#isVerified && crc32(content) !== bytes.readUInt32LE(contentEnd))
      throw mismatch(bytes.subarray(start, end))
    return content
  }

  #stripFormatDescription(event: Buffer): Buffer {
    const end = event.length - checksumBytes
    this.#hasChecksum = event[end - 1] === 1
    if (this.#hasChecksum && this.#isVerified && formatDescriptionCrc(event, end) !== event.readUInt32LE(end))
      throw mismatch(event)
    return event.subarray(0, end)
  }
}

function formatDescriptionCrc(event: Buffer, end: number): number {
  const signed = Buffer.from(event.subarray(0, end))
  signed.writeUInt16LE(signed.readUInt16LE(flagsAt) & ~EventFlag.BinlogInUse, flagsAt)
  return crc32(signed)
}

function mismatch(event: Buffer): BinlogChecksumError {
  const place = event.length >= flagsAt ? ` ending at ${event.readUInt32LE(13)}` : ''
  const type = eventTypeName(event[typeAt] ?? 0)
  return new BinlogChecksumError(
    `the checksum of the binlog event ${type}${place} (${event.length} bytes) does not fit: the network or the log file damaged it`,
  )
}
