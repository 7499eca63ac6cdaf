import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataDirectory } from './data-directory.ts'
import { DataDirectoryError, DataDirectoryInUseError } from './errors.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

test('is made for its owner alone, and keeps its node id', () => {
  const path = join(folder, 'data')
  const first = openDataDirectory(path)
  expect(statSync(path).mode & 0o777).toBe(0o700)
  first.release()
  const second = openDataDirectory(path)
  expect(second.nodeId).toBe(first.nodeId)
  second.release()
})

test('is refused while a living process holds it', () => {
  const held = openDataDirectory(folder)
  expect(() => openDataDirectory(folder)).toThrow(DataDirectoryInUseError)
  expect(() => openDataDirectory(folder)).toThrow(String(process.pid))
  held.release()
  openDataDirectory(folder).release()
})

test.each([
  ['a process that is gone', JSON.stringify({ pid: 4_194_303, startTicks: '1' })],
  ['a process id that was used again', JSON.stringify({ pid: process.pid, startTicks: '1' })],
  ['a torn file', '{"pid": 1'],
])('is taken over from %s', (_whose, lock) => {
  writeFileSync(join(folder, 'agent.pid'), lock)
  const opened = openDataDirectory(folder)
  expect(JSON.parse(readFileSync(join(folder, 'agent.pid'), 'utf8'))).toMatchObject({ pid: process.pid })
  opened.release()
})

test('that cannot be made is told with the flag that names another', () => {
  writeFileSync(join(folder, 'file'), '')
  expect(() => openDataDirectory(join(folder, 'file', 'data'))).toThrow(DataDirectoryError)
  expect(() => openDataDirectory(join(folder, 'file', 'data'))).toThrow('--data-dir')
})

test('in a place where no folder can be made is refused at once', () => {
  expect(() => openDataDirectory('/proc/millrace/data')).toThrow(DataDirectoryError)
})

test('is made with the folders above it', () => {
  const path = join(folder, 'a', 'b', 'data')
  openDataDirectory(path).release()
  expect(statSync(path).mode & 0o777).toBe(0o700)
})
