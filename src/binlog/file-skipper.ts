/**
 * Drops events before a start offset that the dump command can't say (above 4 GiB): the file is asked for from its
 * beginning and read past what has been seen. Such offsets only follow a transaction of gigabytes.
 */
import { EventType } from './event-type.ts'
import { FileOffset } from './file-offset.ts'
import { isArtificial, type RawEvent } from './raw-event.ts'

export class FileSkipper {
  readonly #start: { readonly file: string; readonly offset: number }
  readonly #at: FileOffset
  #isDone = false

  constructor(start: { readonly file: string; readonly offset: number }) {
    this.#start = start
    this.#at = new FileOffset(start.file, 4)
  }

  /** True when the event lies before the start. Format descriptions and made-up events always pass. */
  skips(event: RawEvent): boolean {
    if (this.#isDone) return false
    this.#at.advance(event)
    if (event.header.type === EventType.FormatDescription || isArtificial(event.header)) return false
    this.#isDone = this.#at.file !== this.#start.file || this.#at.offset > this.#start.offset
    return !this.#isDone
  }
}
