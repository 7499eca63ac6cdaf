/**
 * Splits a command into words as a POSIX shell splits them, and does nothing else a shell does: no expansion, no
 * pipes, no redirection, no comments. What a job with `shell: false` runs.
 *
 * Easy to get wrong: inside double quotes a backslash only escapes `$`, backquote, `"`, `\` and a line end (POSIX
 * Shell Command Language 2.2.3); before anything else it stays.
 */
export type SplitWords =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'invalid'; readonly reason: string }

const escapableInDoubleQuotes = '$`"\\'

/** @returns the words, the first of them not empty, or why there are none */
export function splitWords(command: string): SplitWords {
  if (command.includes('\0')) return invalid('contains a NUL character')
  const words: string[] = []
  let word: string | null = null
  let at = 0
  while (at < command.length) {
    const char = command.charAt(at)
    if (char === ' ' || char === '\t' || char === '\n') {
      if (word !== null) words.push(word)
      word = null
      at += 1
      continue
    }
    const piece = readPiece(command, at)
    if (piece.kind === 'invalid') return piece
    if (piece.text !== null) word = (word ?? '') + piece.text
    at = piece.end
  }
  if (word !== null) words.push(word)
  if (words.length === 0) return invalid('is empty')
  if (words[0] === '') return invalid('has an empty program name')
  return { kind: 'words', words }
}

/** Text null: nothing that makes a word by itself (a continued line). */
type Piece =
  | { readonly kind: 'piece'; readonly text: string | null; readonly end: number }
  | Extract<SplitWords, { kind: 'invalid' }>

function readPiece(command: string, at: number): Piece {
  const char = command.charAt(at)
  if (char === "'") return readSingleQuoted(command, at)
  if (char === '"') return readDoubleQuoted(command, at)
  if (char !== '\\') return { kind: 'piece', text: char, end: at + 1 }
  if (at + 1 === command.length) return invalid('ends with a backslash that escapes nothing')
  const escaped = command.charAt(at + 1)
  return { kind: 'piece', text: escaped === '\n' ? null : escaped, end: at + 2 }
}

function readSingleQuoted(command: string, at: number): Piece {
  const close = command.indexOf("'", at + 1)
  if (close < 0) return invalid(`has a single quote at position ${at + 1} that is never closed`)
  return { kind: 'piece', text: command.slice(at + 1, close), end: close + 1 }
}

function readDoubleQuoted(command: string, open: number): Piece {
  let text = ''
  for (let at = open + 1; at < command.length; at += 1) {
    const char = command.charAt(at)
    if (char === '"') return { kind: 'piece', text, end: at + 1 }
    const next = command.charAt(at + 1)
    if (char === '\\' && next === '\n') at += 1
    else if (char === '\\' && next !== '' && escapableInDoubleQuotes.includes(next)) {
      text += next
      at += 1
    } else text += char
  }
  return invalid(`has a double quote at position ${open + 1} that is never closed`)
}

function invalid(reason: string): Extract<SplitWords, { kind: 'invalid' }> {
  return { kind: 'invalid', reason }
}
