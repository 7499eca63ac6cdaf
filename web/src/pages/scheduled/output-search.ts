/**
 * Finds a text in the output, a slice at a time, so that megabytes never hold up the page.
 *
 * Easy to get wrong: the last line may still grow, so it is looked at again each time; and the agent may write faster than
 * anybody reads, so matches are counted up to a limit only.
 */
import type { OutputBuffer } from './output-buffer.ts'

export interface Match {
  readonly line: number
  readonly start: number
  readonly end: number
}

export const mostMatches = 20_000

export class OutputSearch {
  readonly #buffer: OutputBuffer
  readonly #pattern: RegExp
  #matches: Match[] = []
  /** Lines below are done for good. */
  #scanned: number
  /** Of the open line. */
  #tail: Match[] = []
  #tailVersion = -1

  /** @param needle what to find as it is; case counts only when it has a capital letter */
  constructor(buffer: OutputBuffer, needle: string) {
    this.#buffer = buffer
    this.#pattern = new RegExp(
      needle.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
      needle === needle.toLowerCase() ? 'giu' : 'gu',
    )
    this.#scanned = buffer.first
  }

  get count(): number {
    return this.#matches.length + this.#tail.length
  }

  get isCut(): boolean {
    return this.#matches.length >= mostMatches
  }

  match(index: number): Match | null {
    return this.#matches[index] ?? this.#tail[index - this.#matches.length] ?? null
  }

  /** @returns true when everything that is there was looked at */
  advance(mostLines = 20_000): boolean {
    this.#forgetDropped()
    const end = Math.min(this.#buffer.closedEnd, this.#scanned + mostLines)
    for (; this.#scanned < end && !this.isCut; this.#scanned += 1) this.#matches.push(...this.#found(this.#scanned))
    if (this.isCut) return true
    if (this.#scanned < this.#buffer.closedEnd) return false
    if (this.#tailVersion !== this.#buffer.version) this.#tail = this.#found(this.#buffer.closedEnd)
    this.#tailVersion = this.#buffer.version
    return true
  }

  /** The first match at or after a line, else the first of all; -1 when there is none. */
  indexFrom(line: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.match(middle)?.line ?? 0) >= line) high = middle
      else low = middle + 1
    }
    return low < this.count ? low : this.count === 0 ? -1 : 0
  }

  /** What of these characters of a line is to be marked, in order. */
  within(line: number, start: number, end: number): readonly (Match & { readonly index: number })[] {
    const marks: (Match & { index: number })[] = []
    for (let index = Math.max(0, this.indexFrom(line)); index < this.count; index += 1) {
      const match = this.match(index)
      if (match === null || match.line !== line || match.start >= end) break
      if (match.end > start) marks.push({ ...match, index })
    }
    return marks
  }

  #found(line: number): Match[] {
    const text = this.#buffer.line(line)
    const matches: Match[] = []
    for (const match of text.matchAll(this.#pattern)) {
      matches.push({ line, start: match.index, end: match.index + match[0].length })
      if (matches.length >= mostMatches) break
    }
    return matches
  }

  #forgetDropped(): void {
    const { first } = this.#buffer
    this.#scanned = Math.max(this.#scanned, first)
    const oldest = this.#matches[0]
    if (oldest === undefined || oldest.line >= first) return
    this.#matches = this.#matches.filter(({ line }) => line >= first)
  }
}
