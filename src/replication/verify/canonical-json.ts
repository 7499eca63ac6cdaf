/**
 * One text for each JSON value, however a server prints it: members sorted, no blanks, numbers in one form.
 *
 * Easy to get wrong: a server that keeps JSON as text keeps its digits; MySQL keeps whole numbers of 64 bits exactly, and
 * makes a double of every other one that it reads from text. So that is how numbers are compared here.
 */
import { type JsonTree, parseJsonTree } from '../source/copy/json-tree.ts'

/** @returns the text itself where it is no JSON: a column of texts may stand for the other server's JSON */
export function canonicalJson(text: string): string {
  try {
    return textOf(parseJsonTree(text))
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

function textOf(tree: JsonTree): string {
  switch (tree.kind) {
    case 'constant':
      return tree.text
    case 'leaf':
      return tree.text.startsWith('"') ? JSON.stringify(JSON.parse(tree.text)) : numberText(tree.text)
    case 'array':
      return `[${tree.items.map(textOf).join(',')}]`
    case 'object':
      return `{${membersOf(tree)
        .map(([key, value]) => `${key}:${textOf(value)}`)
        .join(',')}}`
  }
}

/** Of several members of one name the last counts (RFC 7159 as MySQL 8 reads it). */
function membersOf({ members }: Extract<JsonTree, { readonly kind: 'object' }>): [string, JsonTree][] {
  const byKey = new Map(members.map(({ key, value }) => [JSON.stringify(JSON.parse(key)), value]))
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

const leastInteger = -(1n << 63n)
const mostInteger = (1n << 64n) - 1n

function numberText(digits: string): string {
  if (/^-?\d+$/.test(digits)) {
    const integer = BigInt(digits)
    if (integer >= leastInteger && integer <= mostInteger) return integer.toString()
  }
  const number = Number(digits)
  return Number.isSafeInteger(number) ? BigInt(number).toString() : String(number)
}
