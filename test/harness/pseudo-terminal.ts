/**
 * Commands on a pseudo-terminal, as somebody at a keyboard has them (`script` of util-linux makes it).
 *
 * Easy to get wrong: the terminal turns every newline into two characters and echoes what is typed; and standard output and
 * standard error are one there.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { eventually } from './eventually.ts'
import { programArguments } from './millrace-command.ts'

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>
}

export class PseudoTerminal implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<number>
  #text = ''

  /** @param command a line for /bin/sh */
  constructor(command: string, { env = {} }: TerminalOptions = {}) {
    this.#child = spawn('script', ['-qefc', command, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', LANG: 'C.UTF-8', NO_COLOR: '', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child.stdin?.on('error', () => {})
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('utf8')
    })
    this.#ended = new Promise((resolve) => this.#child.once('close', (code) => resolve(code ?? 1)))
  }

  /** Everything that was shown so far, control characters too. */
  get text(): string {
    return this.#text
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys)
  }

  /** Waits until the end of what was shown, from `from` on, matches. */
  async shows(pattern: RegExp, withinMs = 30_000, from = 0): Promise<void> {
    await eventually(() => pattern.test(this.#text.slice(from)), withinMs, `${pattern} on the terminal`).catch(
      (error: unknown) => {
        throw new Error(`it shows ${JSON.stringify(this.#text.slice(from).slice(-2_000))}`, { cause: error })
      },
    )
  }

  /** Waits for the end. @returns the exit status */
  ended(): Promise<number> {
    return this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

/**
 * `millrace ARGS` as a line for a shell. It takes the place of the shell: one that waited would get Ctrl-C too, and some
 * end with its status.
 */
export function millraceLine(args: readonly string[]): string {
  return `exec ${[...programArguments(), ...args].map(quoted).join(' ')}`
}

/** Runs `millrace` on a terminal to its end. */
export async function millraceOnTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  await using terminal = new PseudoTerminal(millraceLine(args), { env })
  const status = await terminal.ended()
  return { status, text: terminal.text }
}

export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
