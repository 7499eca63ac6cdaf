/** docs/errors.md and the code say the same: every code with its remedy, and none that is gone. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

/** What is no class of ours: an error that nobody foresaw. */
const unforeseen = new Map([['INTERNAL', 'bug']])

/** The code and the remedy of every error class, and all other codes that are written as they are. */
function codesInSource(): { readonly classes: ReadonlyMap<string, string>; readonly mentioned: readonly string[] } {
  const classes = new Map<string, string>()
  const mentioned = new Set<string>()
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue
    const text = readFileSync(join(root, 'src', name), 'utf8')
    for (const [, code = '', remedy = ''] of text.matchAll(/readonly code = '(\w+)'\s+readonly remedy = '([\w-]+)'/g))
      classes.set(code, remedy)
    for (const [, code = ''] of text.matchAll(/\bcode(?: =|:)[^\n]*?'([A-Z][A-Z_]{3,})'/g)) mentioned.add(code)
  }
  // Errors of Node and of the drivers have codes too; `UNKNOWN` is what another node says of an error without one.
  return {
    classes,
    mentioned: [...mentioned].filter((code) => !/^(?:E[A-Z]+|UNKNOWN|ERR_.*|FST_ERR.*|HPE_.*)$/.test(code)),
  }
}

function documentedCodes(): ReadonlyMap<string, string> {
  const rows = readFileSync(join(root, 'docs', 'errors.md'), 'utf8').matchAll(
    /^\| `(\w+)` \| ([\w-]+) \| .+ \| .+ \|$/gm,
  )
  return new Map([...rows].map(([, code = '', remedy = '']) => [code, remedy]))
}

test('every error is documented with its remedy, and nothing that is gone is', () => {
  const sorted = (codes: Iterable<readonly [string, string]>) => [...codes].sort(([a], [b]) => (a < b ? -1 : 1))
  expect(sorted(documentedCodes())).toEqual(sorted([...codesInSource().classes, ...unforeseen]))
})

test('no code is made up where it is used', () => {
  const documented = documentedCodes()
  expect(codesInSource().mentioned.filter((code) => !documented.has(code))).toEqual([])
})

test('each code is documented once', () => {
  const rows = [...readFileSync(join(root, 'docs', 'errors.md'), 'utf8').matchAll(/^\| `(\w+)` \|/gm)]
  expect(rows.length).toBe(documentedCodes().size)
})
