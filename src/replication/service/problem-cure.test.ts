import { expect, test } from 'vitest'
import type { TaskProblem } from '../task-context.ts'
import { cureOf, isConflict } from './problem-cure.ts'

const problem = (change: Partial<TaskProblem>): TaskProblem => ({
  code: 'X',
  message: 'it does not work',
  remedy: 'operator',
  at: 1,
  ...change,
})

test.each([
  [
    'the statement that a check named',
    { cure: 'GRANT SELECT ON *.* TO u', message: 'a; run GRANT' },
    'GRANT SELECT ON *.* TO u',
  ],
  ['what the message says after its last semicolon', { message: 'a is off; b; switch it on' }, 'switch it on'],
  [
    'not where the target stands',
    { message: 'a is off; switch it on; the target stands at source position x:1' },
    'switch it on',
  ],
  [
    'the words of the code',
    { code: 'REPL_ROW_MISSING' },
    'put the row back as it is at the source, or copy the table again',
  ],
  ['nothing, for what passes', { remedy: 'retry' }, 'nothing, it is tried again by itself'],
  ['null, where nobody knows', { remedy: 'bug' }, null],
] as const)('the cure of a problem is %s', (_name, change, cure) => {
  expect(cureOf(problem(change))).toBe(cure)
})

test('what the target holds otherwise is a conflict, a lost connection is none', () => {
  expect(['REPL_ROW_MISSING', 'REPL_TABLE_DIFFERS', 'MYSQL_UNREACHABLE'].map((code) => isConflict({ code }))).toEqual([
    true,
    true,
    false,
  ])
})
