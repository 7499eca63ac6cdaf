import { expect, test } from 'vitest'
import { errorOf, fieldId, labelOf, problemsOf } from './form-fields.ts'

const issue = (field: string) => ({ field, value: null, message: `must be another ${field}` })

test('what is wrong is told in the order of the form, whatever the order of the answer', () => {
  const problems = problemsOf([issue('late_limit'), issue('tags.role'), issue('schedule'), issue('name')])
  expect(problems.map(({ field }) => field)).toEqual(['name', 'schedule', 'tags.role', 'late_limit'])
})

test('a row of a field has the place of the field, and a label that says which row', () => {
  expect(fieldId('tags.role')).toBe(fieldId('tags'))
  expect(labelOf('tags.role')).toBe('Tags, role')
  expect(labelOf('late_limit')).toBe('Late limit')
  expect(labelOf('executor')).toBe('executor')
  expect(labelOf('constructor')).toBe('constructor')
})

test('messages stand at exactly their field', () => {
  const problems = problemsOf([issue('tags.role'), issue('schedule')])
  expect(errorOf(problems, 'schedule')).toBe('Must be another schedule')
  expect(errorOf(problems, 'tags')).toBeUndefined()
  expect(errorOf(problems, 'tags.role')).toBe('Must be another tags.role')
})
