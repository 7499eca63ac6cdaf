/**
 * Frames cut into messages that the server takes, and put together again.
 *
 * Easy to get wrong: a writer may die in the middle of a frame, and what was read may be purged up to its last message.
 * Parts that do not follow each other without a hole, from the first one on, are dropped.
 */

/** Which of how many messages of one frame. */
export interface PartNumber {
  /** 1 for the first. */
  readonly index: number
  readonly count: number
}

export interface FramePart {
  readonly payload: Uint8Array
  /** Null: the message is a whole frame. */
  readonly part: PartNumber | null
}

/** @param limitBytes largest payload of a message */
export function splitFrame(frame: Uint8Array, limitBytes: number): FramePart[] {
  if (frame.length <= limitBytes) return [{ payload: frame, part: null }]
  const count = Math.ceil(frame.length / limitBytes)
  return Array.from({ length: count }, (_, place) => ({
    payload: frame.subarray(place * limitBytes, (place + 1) * limitBytes),
    part: { index: place + 1, count },
  }))
}

/** `2/5`, as it stands in a message's header. */
export function formatPart(part: PartNumber): string {
  return `${part.index}/${part.count}`
}

/** @returns null for anything else than `index/count` */
export function parsePart(text: string): PartNumber | null {
  const match = /^([1-9]\d*)\/([1-9]\d*)$/.exec(text)
  return match === null ? null : { index: Number(match[1]), count: Number(match[2]) }
}

export class FrameAssembler {
  #parts: Uint8Array[] = []
  #lastSequence = 0

  /** @returns the frame that this message ends, or null */
  add(
    sequence: number,
    { payload, part }: FramePart,
  ): { readonly sequence: number; readonly payload: Uint8Array } | null {
    if (part === null) {
      this.clear()
      return { sequence, payload }
    }
    const isNext = part.index === this.#parts.length + 1 && (part.index === 1 || sequence === this.#lastSequence + 1)
    if (!isNext) this.clear()
    if (!isNext && part.index !== 1) return null
    this.#parts.push(payload)
    this.#lastSequence = sequence
    if (part.index < part.count) return null
    const whole = Buffer.concat(this.#parts)
    this.clear()
    return { sequence, payload: whole }
  }

  clear(): void {
    this.#parts = []
    this.#lastSequence = 0
  }
}
