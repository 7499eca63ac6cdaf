/** Plain tables for terminals: columns as wide as their widest cell, two blanks between. */

/** @param rows cells in the order of `headings` @returns lines without a final newline */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows].map((line) => line.map(printable))
  const widths = headings.map((_, column) =>
    lines.reduce((most, line) => Math.max(most, widthOf(line[column] ?? '')), 0),
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Control characters could move the cursor or forge lines: a job's name or output is not ours to trust. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\u00b7')
}

/** The same, for a text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/** At most `length` characters, the last one an ellipsis where something was left out. */
export function shorten(text: string, length: number): string {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}

const plainAscii = /^[\x20-\x7e]*$/
const combining = /\p{M}/u
// The blocks of Unicode's East Asian Width (UAX 11) that are wide throughout, and emoji.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

/** Columns that `text` takes on a terminal. */
export function widthOf(text: string): number {
  if (plainAscii.test(text)) return text.length
  let width = 0
  for (const character of text) width += combining.test(character) ? 0 : wide.test(character) ? 2 : 1
  return width
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with ESC
const colourOrCharacter = /\u001b\[\d+m|./gsu

/** The first `width` columns of a line; colours in it take none, and are kept. */
export function cutToWidth(line: string, width: number): string {
  let left = width
  return (line.match(colourOrCharacter) ?? [])
    .filter((part) => {
      if (part.startsWith('\u001b')) return true
      left -= widthOf(part)
      return left >= 0
    })
    .join('')
}
