import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterRecordFile } from './cluster-record.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'record-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

test('a record is read as it was written, by its owner alone', () => {
  const file = new ClusterRecordFile(folder)
  expect(file.read()).toBeNull()
  const record = { clusterId: 'id', role: 'client', store: '', generation: 3, clusterName: 'c', servers: [] } as const
  file.write({ ...record, candidate: null, retired: [] })
  expect(file.read()).toEqual({ version: 1, ...record, candidate: null, retired: [] })
  expect(statSync(join(folder, 'cluster.json')).mode & 0o777).toBe(0o600)
})

test.each([
  ['{"version": 2, "clusterId": "id", "servers": []}', /written by a newer Millrace/],
  ['{"version": 1', /cannot be read/],
  ['{}', /holds no cluster record/],
])('a record of %s is refused, with the cure', (text, message) => {
  writeFileSync(join(folder, 'cluster.json'), text)
  expect(() => new ClusterRecordFile(folder).read()).toThrow(message)
})
