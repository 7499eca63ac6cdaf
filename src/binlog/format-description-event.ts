/**
 * The first event of a file: which server wrote it and how its events are built.
 *
 *     version(2) server-version(50) created(4) header-length(1) post-header-lengths(n) checksum-algorithm(1) [checksum(4)]
 *
 * Easy to get wrong: the algorithm stands before the checksum, which this event always has room for from MySQL 5.6 on
 * even when the algorithm is "none". A raw event of ours comes without those four bytes.
 */
import { MalformedEventError } from './errors.ts'
import { decodeBody } from './event-body.ts'
import type { RawEvent } from './raw-event.ts'

export type ChecksumAlgorithm = 'none' | 'crc32'

export interface FormatDescription {
  readonly binlogVersion: number
  readonly serverVersion: string
  readonly vendor: 'mysql' | 'mariadb'
  /** Seconds; not 0 when the server had just started, so that temporary tables and open XA of before are gone. */
  readonly createdSeconds: number
  readonly checksum: ChecksumAlgorithm
  /** Bytes of the fixed part of each type, by type - 1. */
  readonly postHeaderLengths: Buffer
}

const versionBytes = 50
const createdAt = 2 + versionBytes
const lengthsAt = createdAt + 5

/** Decodes it. @throws MalformedEventError also for logs of servers before MySQL 5.6 and MariaDB 5.3 (no checksums yet) */
export function decodeFormatDescription(event: RawEvent): FormatDescription {
  return decodeBody(event, (buffer, offset) => {
    const serverVersion = buffer.toString('latin1', offset + 2, offset + createdAt).replace(/\0.*$/s, '')
    if (buffer.readUInt16LE(offset) !== 4 || buffer.readUInt8(offset + createdAt + 4) !== 19)
      throw new MalformedEventError(`the log of server ${serverVersion} is not of binlog version 4`)
    const algorithm = buffer.readUInt8(buffer.length - 1)
    if (algorithm > 1) throw new MalformedEventError(`the log of server ${serverVersion} uses checksum ${algorithm}`)
    return {
      binlogVersion: 4,
      serverVersion,
      vendor: serverVersion.toLowerCase().includes('mariadb') ? 'mariadb' : 'mysql',
      createdSeconds: buffer.readUInt32LE(offset + createdAt),
      checksum: algorithm === 1 ? 'crc32' : 'none',
      postHeaderLengths: buffer.subarray(offset + lengthsAt, buffer.length - 1),
    }
  })
}
