/**
 * Cuts what stands before the cursor into words, as bash would: quotes and backslashes are taken away.
 *
 * Easy to get wrong: bash's own cut (COMP_WORDS) also parts words at `=` and `:`, so an address is not one word there.
 */

/** @returns at least one word; the last one is the one at the cursor, empty after a blank */
export function splitLine(line: string): readonly string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? ''
    if (quote === '' && /[ \t\n]/.test(character)) {
      if (word !== '' || /["']/.test(line[at - 1] ?? '')) words.push(word)
      word = ''
    } else if (character === quote) quote = ''
    else if (quote === '' && (character === '"' || character === "'")) quote = character
    else if (character === '\\' && quote !== "'") {
      at += 1
      word += line[at] ?? ''
    } else word += character
  }
  return [...words, word]
}
