import { expect, test } from 'vitest'
import { sampleJob } from '../../test/doubles/samples.ts'
import { compactJob, noRetries, storedJob } from './scheduled-job.ts'

test('a job that is made compact has every field that it had', () => {
  const job = sampleJob({ tags: { role: 'web' }, metadata: { team: 'one' }, timezone: 'Europe/Berlin' })
  const compact = compactJob(job)
  expect(compact).not.toBe(job)
  expect(compact).toEqual(job)
})

test('what a later version stored keeps the fields that this one does not know', () => {
  const job = { ...sampleJob(), colour: 'blue' }
  expect(compactJob(job)).toEqual(job)
  expect(storedJob(JSON.parse(JSON.stringify(job)))).toEqual(job)
})

test('a job that was stored before there were retries has none', () => {
  const { retries: _retries, retryDelayMs: _delay, ...old } = sampleJob()
  expect(storedJob(old)).toMatchObject(noRetries)
})
