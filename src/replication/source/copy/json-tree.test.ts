import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeExactJson, encodeExactJson, isExactJson } from '../../pipe/exact-json.ts'
import { doubtfulLeaves, type JsonTree, parseJsonTree } from './json-tree.ts'

/** The value that the tree stands for, when numbers may lose digits. */
function plain(tree: JsonTree): unknown {
  if (tree.kind === 'array') return tree.items.map(plain)
  if (tree.kind === 'object') return tree.members.map(({ key, value }) => [JSON.parse(key), plain(value)])
  return JSON.parse(tree.text)
}

/** The same with members in order, so that `__proto__` and repeated keys are nothing special. */
function listed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(listed)
  if (typeof value === 'object' && value !== null) return Object.entries(value).map(([key, one]) => [key, listed(one)])
  return value
}

test('any document is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(undefined, 2), (text, indent) => {
      const value: unknown = JSON.parse(text)
      expect(plain(parseJsonTree(JSON.stringify(value, null, indent)))).toEqual(listed(value))
    }),
  )
})

test.each(['', '{', '[1,]', '{"a"}', '{"a":}', 'nul', '[1 2]', '1 2', '"open'])('%s is no document', (text) => {
  expect(() => parseJsonTree(text)).toThrow(SyntaxError)
})

test('numbers and texts that look like dates or bytes are doubtful, each with its path', () => {
  const text =
    '{"a": [1.10, "2024-02-29", "plain", {"b \\"c": "base64:type15:YQ=="}], "t": "-838:59:59.000000", "x": true, "": null}'
  expect(doubtfulLeaves(parseJsonTree(text)).map(({ path, text: leaf }) => [path, leaf])).toEqual([
    ['$."a"[0]', '1.10'],
    ['$."a"[1]', '"2024-02-29"'],
    ['$."a"[3]."b \\"c"', '"base64:type15:YQ=="'],
    ['$."t"', '"-838:59:59.000000"'],
  ])
})

test('an exact cell is told from text and gives back its parts', () => {
  const parts = { text: Buffer.from('{"é": 1.10}'), expression: Buffer.from('JSON_OBJECT()') }
  const cell = encodeExactJson(parts)
  expect(isExactJson(cell)).toBe(true)
  expect(isExactJson(parts.text)).toBe(false)
  expect(decodeExactJson(cell)).toEqual(parts)
})
