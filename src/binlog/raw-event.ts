/**
 * One event as it came, undecoded: the common header read, the body left as bytes.
 *
 * Easy to get wrong: `buffer` is a view of the socket's chunk. Whoever keeps an event for long keeps the whole chunk
 * alive, so copy what is kept. The checksum has been checked and cut off, but `header.size` is still the size on the
 * wire, checksum included.
 */
import { MalformedEventError } from './errors.ts'

/** Bytes of the header that every event has since binlog version 4. */
export const eventHeaderBytes = 19

export interface EventHeader {
  /** Seconds since the epoch by the source's clock: when the statement began. */
  readonly timestamp: number
  /** See EventType. */
  readonly type: number
  /** The server that wrote the event first; not the one that sends it in a chain. */
  readonly serverId: number
  /** Bytes in the log, checksum included. */
  readonly size: number
  /** End of the event in its file, modulo 2^32; 0 for events that are in no file. */
  readonly logPos: number
  readonly flags: number
}

export interface RawEvent {
  readonly header: EventHeader
  /** The whole event, header included, without checksum. */
  readonly buffer: Buffer
  /** Where the body begins in `buffer` (after the common header). */
  readonly bodyOffset: number
}

/** Flags of the common header (binlog_event.h). */
export const EventFlag = {
  /** The file was not closed; only in format descriptions of a file in use. */
  BinlogInUse: 0x1,
  ThreadSpecific: 0x4,
  SuppressUse: 0x8,
  /** Made up by the sender, in no file: the rotate event at the start of a dump. */
  Artificial: 0x20,
  /** A reader that doesn't know the type may skip the event. */
  Ignorable: 0x80,
  /** MariaDB: not to be replicated (`@@skip_replication`). */
  MariadbSkipReplication: 0x8000,
} as const

/**
 * Reads the common header.
 *
 * @param buffer one event without its checksum
 * @throws MalformedEventError if it is shorter than a header
 */
export function rawEvent(buffer: Buffer): RawEvent {
  if (buffer.length < eventHeaderBytes)
    throw new MalformedEventError(`a binlog event of ${buffer.length} bytes has no whole header`)
  return {
    header: {
      timestamp: buffer.readUInt32LE(0),
      type: buffer.readUInt8(4),
      serverId: buffer.readUInt32LE(5),
      size: buffer.readUInt32LE(9),
      logPos: buffer.readUInt32LE(13),
      flags: buffer.readUInt16LE(17),
    },
    buffer,
    bodyOffset: eventHeaderBytes,
  }
}

/** True for events that the sender made up and that are in no file. */
export function isArtificial(header: EventHeader): boolean {
  return (header.flags & EventFlag.Artificial) !== 0 || header.logPos === 0
}
