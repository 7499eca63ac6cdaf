import { expect, test } from 'vitest'
import { ApiError, asApiError, errorOfAnswer } from './api-error.ts'

test('problem JSON is told in its own words, with what is wrong in each field', () => {
  const problem = {
    status: 422,
    detail: 'schedule must have 5 or 6 fields',
    code: 'INVALID',
    errors: [{ field: 'schedule', value: 'x', message: 'must have 5 or 6 fields' }, 'nonsense'],
  }
  const error = errorOfAnswer(422, JSON.stringify(problem))
  expect([error.status, error.code, error.message]).toEqual([422, 'INVALID', 'schedule must have 5 or 6 fields'])
  expect(error.issueOf('schedule')).toBe('must have 5 or 6 fields')
  expect(error.issueOf('name')).toBeUndefined()
})

test.each(['', '<html>Bad Gateway</html>', 'null', '[]', '{"detail":7}'])(
  'an answer that is no problem JSON, %j, is told by its status',
  (body) => {
    expect(errorOfAnswer(502, body)).toMatchObject({ status: 502, code: 'HTTP_502', message: 'the answer was 502' })
  },
)

test('whatever was thrown is an ApiError in the end', () => {
  const own = new ApiError(404, 'NOT_FOUND', 'no job')
  expect(asApiError(own)).toBe(own)
  expect(asApiError(new TypeError('x is undefined'))).toMatchObject({ status: 0, message: 'x is undefined' })
  expect(asApiError('text').message).toBe('text')
})
