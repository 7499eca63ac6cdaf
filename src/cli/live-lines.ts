/**
 * Lines that are drawn again and again at the same place of a terminal.
 *
 * Easy to get wrong: a line that is wider than the terminal takes two, and the next frame begins too low. The cursor is
 * never hidden, so nothing has to be put right when the command is interrupted.
 */
import type { Screen } from './screen.ts'
import { cutToWidth } from './table.ts'

export class LiveLines {
  readonly #screen: Screen
  #drawn = 0

  /** @param screen one with a terminal */
  constructor(screen: Screen) {
    this.#screen = screen
  }

  /** @param lines without control characters but colours */
  draw(lines: readonly string[]): void {
    const columns = this.#screen.terminal?.columns() ?? 80
    const rows = this.#screen.terminal?.rows() ?? 24
    const shown = lines.slice(0, Math.max(1, rows - 1)).map((line) => cutToWidth(line, columns - 1))
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\r`
    // Clearing before writing would flicker: each line clears what is right of it, the last one what is below.
    this.#screen.write(`${up}${shown.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`)
    this.#drawn = shown.length
  }
}
