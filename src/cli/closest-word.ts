/** The word that somebody may have meant. */

/** Edits of one word into another: a character more, less, another one, or two neighbours swapped. */
export function editDistance(from: string, to: string): number {
  const [a, b] = [[...from], [...to]]
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    rows.push(current)
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1]
      let least = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + (isSame ? 0 : 1))
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (isSwapped) least = Math.min(least, at(row - 2, column - 2) + 1)
      current.push(least)
    }
  }
  return at(a.length, b.length)
}

/** The nearest of `words`, or null when none is near: a third of the letters may differ, or it begins with `word`. */
export function closestWord(word: string, words: Iterable<string>): string | null {
  const wanted = word.toLowerCase()
  let best: { readonly word: string; readonly distance: number } | null = null
  for (const candidate of words) {
    const other = candidate.toLowerCase()
    const isBeginning = wanted.length >= 3 && other.startsWith(wanted)
    const distance = isBeginning ? 1 : editDistance(wanted, other)
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3))
    if (distance <= limit && (best === null || distance < best.distance)) best = { word: candidate, distance }
  }
  return best?.word ?? null
}
