/**
 * How far the live output of an execution has come.
 *
 * Easy to get wrong: offsets count bytes, texts are characters; and a command that writes faster than anybody reads leaves
 * gaps, which have to be seen.
 */
import { bytesText } from '../../ui/amounts.ts'
import type { OutputBuffer } from './output-buffer.ts'

export interface OutputEvent {
  /** Bytes of all texts before, and of what was left out between them. */
  readonly offset: number
  readonly text: string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export class LivePlace {
  readonly #buffer: OutputBuffer
  #place = 0

  constructor(buffer: OutputBuffer) {
    this.#buffer = buffer
  }

  /** Appends what is new of it, and says how much was left out before. */
  take({ offset, text }: OutputEvent): void {
    const bytes = encoder.encode(text)
    const end = offset + bytes.length
    if (end <= this.#place) return
    const leftOut = offset - this.#place
    if (leftOut > 0) this.#buffer.append(leftOutText(leftOut, this.#place === 0))
    this.#buffer.append(leftOut < 0 ? decoder.decode(bytes.subarray(-leftOut)) : text)
    this.#place = end
  }
}

function leftOutText(bytes: number, isBeginning: boolean): string {
  return isBeginning
    ? `[the first ${bytesText(bytes)} are not kept]\n`
    : `\n[${bytesText(bytes)} left out here: written faster than they could be read]\n`
}
