/** The shells themselves say whether the scripts are well formed: bash always, the others where they are installed. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { completionScript, shells } from './scripts.ts'

function check(shell: string, script: string): { readonly isThere: boolean; readonly problem: string } {
  const { status, error, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' })
  return { isThere: error === undefined, problem: status === 0 ? '' : stderr }
}

test('every script is well formed for its shell', () => {
  const checked = shells.map((shell) => ({ shell, ...check(shell, completionScript(shell)) }))
  expect(checked.filter(({ isThere, problem }) => isThere && problem !== '')).toEqual([])
  expect(checked.find(({ shell }) => shell === 'bash')?.isThere).toBe(true)
})

test('a script that is not well formed would be found', () => {
  expect(check('bash', `${completionScript('bash')}\nif`).problem).toContain('syntax error')
})
