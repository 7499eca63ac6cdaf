/**
 * The tables of a rule as one line of text: names and patterns between commas.
 *
 * Easy to get wrong: a name may hold commas or outer blanks, then it stands in backticks, as in SQL; a `/regex/` may hold
 * commas as it is.
 */

const item = /\s*(?:`((?:[^`]|``)*)`|(\/(?:[^/\\]|\\.)+\/)|([^,]*))\s*(?:,|$)/y

export function tablesOfText(text: string): readonly string[] {
  const names: string[] = []
  item.lastIndex = 0
  while (item.lastIndex < text.length) {
    const match = item.exec(text)
    if (match === null) break
    const [, quoted, expression, plain] = match
    const name = quoted?.replaceAll('``', '`') ?? expression ?? plain?.trim() ?? ''
    if (name !== '') names.push(name)
  }
  return names
}

export function textOfTables(tables: readonly string[]): string {
  return tables.map(quotedWhereNeeded).join(', ')
}

function quotedWhereNeeded(name: string): string {
  const [only, ...others] = tablesOfText(name)
  if (only === name && others.length === 0) return name
  return `\`${name.replaceAll('`', '``')}\``
}
