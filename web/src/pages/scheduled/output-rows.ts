/**
 * Which rows of the screen a buffer's lines are: a line longer than the width is several.
 *
 * Easy to get wrong: a megabyte may be one line or half a million. So nothing here looks at all lines again when some are
 * added, and no row is ever longer than `columns`.
 */
import type { OutputBuffer } from './output-buffer.ts'

export interface Row {
  /** The number of the line. */
  readonly line: number
  /** Where in the line the row begins. */
  readonly start: number
  readonly text: string
}

export class OutputRows {
  readonly #buffer: OutputBuffer
  readonly #columns: number
  /** Of each closed line from `#first` on, how many rows end with it. */
  #ends: number[] = []
  #first: number

  constructor(buffer: OutputBuffer, columns: number) {
    this.#buffer = buffer
    this.#columns = Math.max(20, Math.floor(columns))
    this.#first = buffer.first
    this.update()
  }

  get columns(): number {
    return this.#columns
  }

  get count(): number {
    const { end, closedEnd } = this.#buffer
    const closedRows = this.#ends.at(-1) ?? 0
    return end > closedEnd ? closedRows + this.#rowsOf(closedEnd) : closedRows
  }

  /** Takes in what the buffer has got or let go since. @returns how many rows vanished at the top */
  update(): number {
    const vanished = this.#dropOldest()
    for (let line = this.#first + this.#ends.length; line < this.#buffer.closedEnd; line += 1)
      this.#ends.push((this.#ends.at(-1) ?? 0) + this.#rowsOf(line))
    return vanished
  }

  row(index: number): Row {
    const line = this.#lineOf(index)
    const start = (index - this.firstRowOf(line)) * this.#columns
    return { line, start, text: this.#buffer.line(line).slice(start, start + this.#columns) }
  }

  /** The row that shows this place of a line. */
  rowAt(line: number, column: number): number {
    return this.firstRowOf(line) + Math.floor(column / this.#columns)
  }

  firstRowOf(line: number): number {
    const position = Math.min(line - this.#first, this.#ends.length)
    return position <= 0 ? 0 : (this.#ends[position - 1] ?? 0)
  }

  #rowsOf(line: number): number {
    return Math.max(1, Math.ceil(this.#buffer.line(line).length / this.#columns))
  }

  #dropOldest(): number {
    const dropped = Math.min(this.#buffer.first - this.#first, this.#ends.length)
    this.#first = this.#buffer.first
    if (dropped <= 0) return 0
    const vanished = this.#ends[dropped - 1] ?? 0
    this.#ends = this.#ends.slice(dropped).map((end) => end - vanished)
    return vanished
  }

  /** Binary search for the first line whose rows end after `index`. */
  #lineOf(index: number): number {
    let low = 0
    let high = this.#ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ends[middle] ?? 0) > index) high = middle
      else low = middle + 1
    }
    return this.#first + low
  }
}
