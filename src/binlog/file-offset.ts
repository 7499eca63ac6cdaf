/**
 * Follows where in which file the stream is.
 *
 * Easy to get wrong: an event tells its end modulo 2^32, and a file grows past 4 GiB when its last transaction is large.
 * The offset never goes back within a file, so every step back is another 4 GiB (only the format description is sent
 * again at its own place, wherever a dump begins).
 */
import { EventType } from './event-type.ts'
import { decodeHeartbeat } from './heartbeat-event.ts'
import { isArtificial, type RawEvent } from './raw-event.ts'
import { decodeRotateEvent } from './rotate-event.ts'

const wrap = 2 ** 32

export class FileOffset {
  file: string
  /** Bytes up to which everything has been seen. */
  offset: number

  constructor(file: string, offset: number) {
    this.file = file
    this.offset = offset
  }

  /** Moves behind the event. */
  advance(event: RawEvent): void {
    const { type, logPos } = event.header
    if (type === EventType.Rotate) this.#moveTo(decodeRotateEvent(event))
    else if (type === EventType.Heartbeat || type === EventType.HeartbeatV2) this.#hear(event)
    else if (type === EventType.FormatDescription) this.offset = Math.max(this.offset, logPos)
    else if (!isArtificial(event.header)) this.#reach(logPos)
  }

  /** A dump may begin before what has been seen (offset 4); never go back within a file by that. */
  #moveTo(next: { file: string; offset: number }): void {
    if (next.file === this.file && next.offset < this.offset) return
    this.file = next.file
    this.offset = next.offset
  }

  #hear(event: RawEvent): void {
    const { file, offset } = decodeHeartbeat(event)
    if (file !== this.file) return
    if (event.header.type === EventType.HeartbeatV2) this.offset = Math.max(this.offset, offset)
    else this.#reach(offset)
  }

  #reach(logPos: number): void {
    let offset = this.offset - (this.offset % wrap) + logPos
    if (offset < this.offset) offset += wrap
    this.offset = offset
  }
}
