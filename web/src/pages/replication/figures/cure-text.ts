/**
 * The statement in a message that cures what the message tells, for a copy button.
 *
 * The agent's messages end in `run <statement>`, sometimes with more after a comma or semicolon.
 */

export interface Cure {
  /** What is wrong. */
  readonly problem: string
  /** What the statement is for, where the message tells: `for row images`. */
  readonly purpose: string
  readonly statement: string
  /** Other ways out, and the like. */
  readonly after: string
}

const pattern = /^(.*?\brun )((?:GRANT|SET (?:GLOBAL|PERSIST)|KILL|CREATE USER|ALTER)\b.*)$/s

/** @returns null when the message holds no statement */
export function cureIn(message: string): Cure | null {
  const match = pattern.exec(message)
  if (match?.[1] === undefined || match[2] === undefined) return null
  const end = statementEnd(match[2])
  const words = match[1].replace(/\s*\brun $/, '')
  const cut = words.lastIndexOf(';')
  return {
    problem: cut === -1 ? words.replace(/,\s*$/, '') : words.slice(0, cut),
    purpose: cut === -1 ? '' : words.slice(cut + 1).trim(),
    statement: match[2].slice(0, end),
    after: match[2].slice(end).replace(/^[\s,;]+/, ''),
  }
}

/** What stands before the statement. */
export function cureLead({ purpose }: Cure, lead: string): string {
  if (purpose === '') return `${lead}:`
  return `${purpose.charAt(0).toUpperCase()}${purpose.slice(1)}, ${lead.charAt(0).toLowerCase()}${lead.slice(1)}:`
}

/** True for what is to be run or written as it is, not advice in words. */
export function isCode(cure: string): boolean {
  return /^(?:GRANT|SET|CREATE|ALTER|DROP|KILL|STOP|START)\s+[A-Z`'@*]/.test(cure) || /^\w+\s*=/.test(cure)
}

/** Where words go on that are no longer SQL: names in quotes and backticks may hold anything. */
function statementEnd(text: string): number {
  const quoted = /`(?:[^`]|``)*`|'(?:[^'\\]|''|\\.)*'/y
  for (let index = 0; index < text.length; index += 1) {
    quoted.lastIndex = index
    const match = quoted.exec(text)
    if (match !== null) index += match[0].length - 1
    else if (text[index] === ';' || /^,? (?:there|or|set|and|better|in)\b/.test(text.slice(index))) return index
  }
  return text.length
}
