import { expect, test } from 'vitest'
import type { OpsProblem } from '../wire.ts'
import { withoutEchoes } from './echoes.ts'

const problem = (role: 'source' | 'target', remedy: string, message: string): OpsProblem => ({
  role,
  remedy,
  message,
  code: 'CODE',
  cure: null,
  at: '',
  is_current: true,
})

test('what one task only repeats of the other is told once, by the one that has it', () => {
  const cause = problem('target', 'operator', 'lacks CREATE')
  expect(withoutEchoes([problem('source', 'retry', 'lacks CREATE'), cause])).toEqual([cause])
})

test('problems of their own stay, and so do two of a kind', () => {
  const both = [problem('source', 'retry', 'gone'), problem('target', 'retry', 'gone')]
  expect(withoutEchoes(both)).toEqual(both)
  const own = [problem('source', 'retry', 'gone'), problem('target', 'operator', 'lacks CREATE')]
  expect(withoutEchoes(own)).toEqual(own)
})
