/**
 * Writes what executions put out: to a pipe as it is, to a terminal without what could move its cursor, as JSON a line a
 * piece.
 *
 * Easy to get wrong: of several nodes only whole lines are written, or their pieces would mix.
 */
import type { RunAnswer } from './logs-read.ts'
import type { Screen } from './screen.ts'

// Colours (SGR) and the usual blanks may stay; every other control character becomes a dot.
const unsafe =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the terminal
  /(\u001b\[[\d;]*m)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g

export class LogWriter {
  readonly #screen: Screen
  readonly #isJson: boolean
  #nodeWidth = 0
  readonly #nodes = new Set<string>()
  readonly #rests = new Map<string, string>()
  #endsWithNewline = true

  constructor({ screen, isJson }: { readonly screen: Screen; readonly isJson: boolean }) {
    this.#screen = screen
    this.#isJson = isJson
  }

  /** Says whose output will come: of several, each line is marked from then on. */
  announce(runs: readonly Pick<RunAnswer, 'id' | 'node_name'>[]): void {
    for (const { id, node_name: node } of runs) this.#nodes.add(`${id} ${node}`)
    this.#nodeWidth = Math.max(this.#nodeWidth, ...runs.map(({ node_name: node }) => node.length))
  }

  /** @param offset where in the output `text` begins, as the agent counts */
  write({ id, node_name: node }: Pick<RunAnswer, 'id' | 'node_name'>, offset: number, text: string): void {
    if (text === '') return
    if (this.#isJson) {
      this.#screen.write(`${JSON.stringify({ kind: 'output', id, node_name: node, offset, text })}\n`)
      return
    }
    if (this.#nodes.size > 1) this.#writeLines(id, node, text)
    else this.#put(text)
  }

  /** Nothing more comes of this execution. */
  end(run: RunAnswer): void {
    if (this.#isJson) {
      this.#screen.write(`${JSON.stringify({ kind: 'end', ...run })}\n`)
      return
    }
    const rest = this.#rests.get(run.id) ?? ''
    this.#rests.delete(run.id)
    if (rest !== '') this.#put(this.#marked(run.node_name, `${rest}\n`))
    // What follows on a terminal begins on a line of its own.
    if (!this.#endsWithNewline && this.#screen.terminal !== null) this.#put('\n')
  }

  #writeLines(id: string, node: string, text: string): void {
    const lines = `${this.#rests.get(id) ?? ''}${text}`.split('\n')
    this.#rests.set(id, lines.pop() ?? '')
    for (const line of lines) this.#put(this.#marked(node, `${line}\n`))
  }

  #marked(node: string, line: string): string {
    return `${node.padEnd(this.#nodeWidth)} | ${line}`
  }

  #put(text: string): void {
    this.#endsWithNewline = text.endsWith('\n')
    this.#screen.write(this.#screen.terminal === null ? text : terminalSafe(text, this.#screen.terminal.hasColour))
  }
}

/** What a terminal may be given of somebody else's output. */
export function terminalSafe(text: string, hasColour: boolean): string {
  return text.replace(unsafe, (_, colour?: string) => (colour === undefined ? '\u00b7' : hasColour ? colour : ''))
}
