/** JSON with whole numbers that no double holds (an execution's group): their digits survive reading and writing. */

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** As `JSON.parse`; such a number becomes what `JSON.stringify` writes with the same digits. @throws SyntaxError */
export function parseExact(text: string): unknown {
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }) => {
    const isInexact = typeof value === 'number' && !Number.isSafeInteger(value)
    return isInexact && /^-?\d+$/.test(context?.source ?? '') ? rawJSON(context?.source ?? '') : value
  }
  return JSON.parse(text, revive)
}
