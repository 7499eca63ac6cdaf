/**
 * The output of an execution as lines, while it comes in.
 *
 * Easy to get wrong: lines have numbers that never change. When there is too much, the oldest are let go and the first
 * number grows; so a search and a scroll position stay right. The last line is open until its end has come.
 */
export interface BufferLimits {
  readonly characters: number
  readonly lines: number
}

/** What a browser holds and scrolls without effort. The file to download is not cut. */
const defaultLimits: BufferLimits = { characters: 16_000_000, lines: 400_000 }

/** Colours and cursor moves of terminals (ECMA-48 control sequences and operating system commands). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these sequences begin with the escape character
const terminalSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g

export class OutputBuffer {
  readonly #limits: BufferLimits
  #lines: string[] = []
  #first = 0
  /** What came after the last line break, as it came. */
  #open = ''
  #characters = 0
  #version = 0
  #generation = 0

  constructor(limits: BufferLimits = defaultLimits) {
    this.#limits = limits
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version
  }

  /** Grows when everything begins anew: numbers of lines before mean nothing then. */
  get generation(): number {
    return this.#generation
  }

  /** The number of the first line that is still here; above 0, something was let go. */
  get first(): number {
    return this.#first
  }

  /** One more than the number of the last line. An open line counts once it has a character. */
  get end(): number {
    return this.#first + this.#lines.length + (this.#open === '' ? 0 : 1)
  }

  /** Below this number lines change no more. */
  get closedEnd(): number {
    return this.#first + this.#lines.length
  }

  get isEmpty(): boolean {
    return this.end === 0
  }

  /** The line as it is to be seen; empty for a number that is not here. */
  line(number: number): string {
    if (number === this.closedEnd) return seenLine(this.#open)
    return this.#lines[number - this.#first] ?? ''
  }

  append(text: string): void {
    if (text === '') return
    this.#version += 1
    this.#characters += text.length
    const parts = (this.#open + text).split('\n')
    this.#open = parts.pop() ?? ''
    for (const part of parts) this.#lines.push(seenLine(part))
    this.#shrink()
  }

  clear(): void {
    this.#lines = []
    this.#open = ''
    this.#first = 0
    this.#characters = 0
    this.#version += 1
    this.#generation += 1
  }

  /** Lets the oldest go, down to three quarters of the limit, so that this is rare. */
  #shrink(): void {
    this.#shortenOpenLine()
    const { characters, lines } = this.#limits
    if (this.#characters <= characters && this.#lines.length <= lines) return
    let dropped = 0
    while (dropped < this.#lines.length) {
      const isSmall = this.#characters <= characters * 0.75 && this.#lines.length - dropped <= lines * 0.75
      if (isSmall) break
      this.#characters -= (this.#lines[dropped]?.length ?? 0) + 1
      dropped += 1
    }
    this.#lines = this.#lines.slice(dropped)
    this.#first += dropped
  }

  /** A line without end, such as a progress bar that only goes back to its start, keeps its last part. */
  #shortenOpenLine(): void {
    const longest = this.#limits.characters / 4
    if (this.#open.length <= longest) return
    const kept = this.#open.slice(-Math.floor(longest / 2))
    this.#characters -= this.#open.length - kept.length
    this.#open = kept
  }
}

/** Without terminal sequences, and of what was written over (a carriage return) only what is on top. */
function seenLine(raw: string): string {
  if (!raw.includes('\r') && !raw.includes('\u001b')) return raw
  const text = raw.replace(terminalSequence, '').replace(/\r+$/, '')
  return text.slice(text.lastIndexOf('\r') + 1)
}
