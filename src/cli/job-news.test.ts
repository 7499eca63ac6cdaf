import { expect, test } from 'vitest'
import { isAbout } from './job-news.ts'

const items = [{ job: 'other' }, { job: 'mine' }]

test.each([
  [{ event: 'hello', data: {} }, true],
  [{ event: 'executions', data: { items, more: false } }, true],
  [{ event: 'executions', data: { items: [{ job: 'other' }], more: false } }, false],
  [{ event: 'executions', data: { items: [{ job: 'other' }], more: true } }, true],
  [{ event: 'scheduled-jobs', data: { names: ['mine'], more: true } }, false],
  [{ event: 'cluster', data: {} }, false],
])('%j is news of the job: %s', (event, isNews) => {
  expect(isAbout(event, 'mine')).toBe(isNews)
})
