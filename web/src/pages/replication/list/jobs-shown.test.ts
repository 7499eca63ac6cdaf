import { expect, test } from 'vitest'
import type { OpsJob } from '../wire.ts'
import { jobsShown, type ListChoice, statusChoices } from './jobs-shown.ts'

const job = (name: string, more: Partial<OpsJob> = {}): OpsJob => ({
  id: `id-${name}`,
  name,
  type: 'synchronous',
  status: 'running',
  description: '',
  stage: 'incremental',
  lag_ms: 0,
  rows_copied: 0,
  rows_total: 0,
  eta_ms: null,
  rows_per_second: 0,
  transactions_per_second: 0,
  bytes_per_second: 0,
  backlog_bytes: 0,
  source: { host: 'db1', port: 3306, user: 'u', node_id: null, node_name: null },
  target: { host: 'fd00::1', port: 3307, user: 'u', node_id: null, node_name: null },
  created_at: '',
  updated_at: '',
  ...more,
})
const jobs = [
  job('shop', { lag_ms: 900 }),
  job('crm', { status: 'dead' }),
  job('Archive', { stage: 'full', rows_copied: 5, rows_total: 10, rows_per_second: 7 }),
]
const choice: ListChoice = { search: '', status: 'all', sort: { key: 'name', order: 'asc' } }
const names = (change: Partial<ListChoice>) => jobsShown(jobs, { ...choice, ...change }).map(({ name }) => name)

test.each([
  ['SHOP', ['shop']],
  ['db1:3306', ['Archive', 'crm', 'shop']],
  ['[fd00::1]:33', ['Archive', 'crm', 'shop']],
  ['nobody', []],
])('the search %s finds by name and server', (search, expected) => {
  expect(names({ search })).toEqual(expected)
})

test('sorted by status, what needs somebody comes first', () => {
  expect(names({ sort: { key: 'status', order: 'asc' } })).toEqual(['crm', 'Archive', 'shop'])
})

test('sorted by progress, copies come before lags', () => {
  expect(names({ sort: { key: 'progress', order: 'asc' } })).toEqual(['Archive', 'crm', 'shop'])
  expect(names({ sort: { key: 'progress', order: 'desc' } })).toEqual(['shop', 'crm', 'Archive'])
})

test('only the statuses that some job has can be chosen', () => {
  expect(statusChoices(jobs).map(({ text }) => text)).toEqual(['every status', 'failing (1)', 'running (2)'])
})
