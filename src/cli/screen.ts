/**
 * Where commands write: standard output and error, and what standard output is.
 *
 * Easy to get wrong: colours and movements of the cursor are for a terminal alone. Whoever reads a pipe or a file gets
 * plain lines, and nothing but what was asked for on standard output.
 */

export interface Terminal {
  /** Characters of a line now. */
  columns(): number
  rows(): number
  /** False where NO_COLOR is set (no-color.org), or the terminal is dumb. */
  readonly hasColour: boolean
  /** False where the locale is not UTF-8. */
  readonly hasBlocks: boolean
}

export interface Screen {
  /** Lines to standard output; the last newline is added. */
  print(text: string): void
  /** Lines to standard error. */
  printError(text: string): void
  /** To standard output, as it is. */
  write(text: string): void
  /** Null: standard output is no terminal. */
  readonly terminal: Terminal | null
}

type Environment = Readonly<Record<string, string | undefined>>

/** What this process's standard output is; null when it is no terminal. */
export function terminalOf(output: NodeJS.WriteStream, environment: Environment): Terminal | null {
  if (output.isTTY !== true) return null
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || ''
  return {
    columns: () => output.columns || 80,
    rows: () => output.rows || 24,
    hasColour: (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb',
    hasBlocks: /utf-?8/i.test(locale),
  }
}

export type Colour = 'red' | 'green' | 'yellow' | 'grey'

const codes: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, grey: 90 }

/** `text` in a colour where the screen has colours. */
export function painted(screen: Pick<Screen, 'terminal'>, colour: Colour, text: string): string {
  return screen.terminal?.hasColour === true ? `\u001b[${codes[colour]}m${text}\u001b[39m` : text
}
