import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

/** Answered for what is no error of ours. */
const withoutClass = ['INTERNAL']

test('docs/errors.md has every code, and no other', () => {
  const sources = globSync('src/**/*.ts', { cwd: root }).filter((path) => !path.endsWith('.test.ts'))
  const declared = sources.flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/readonly code = '([A-Z_]+)'/g)].map((match) => match[1]),
  )
  const page = readFileSync(join(root, 'docs', 'errors.md'), 'utf8')
  const documented = [...page.matchAll(/^\| `([A-Z_]+)`/gm)].map((match) => match[1])
  expect(documented.toSorted()).toEqual([...declared, ...withoutClass].toSorted())
})
