import { closeSync, constants, lstatSync, openSync, readdirSync, readSync, writeSync } from 'node:fs'
import { expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { tempDir } from '../../../test/harness/temp-dir.ts'
import { PipePool } from './pipe-pool.ts'

test('a pipe carries what a command writes to it', async () => {
  await using dir = await tempDir()
  const pool = await PipePool.open(dir.path, new Set())
  await pool.reserve(1)
  const name = pool.take()
  const reading = pool.openForReading(name)
  const writing = openSync(pool.pathOf(name), constants.O_RDWR)
  writeSync(writing, 'said')
  const bytes = Buffer.alloc(16)
  expect(bytes.toString('utf8', 0, readSync(reading, bytes))).toBe('said')
  closeSync(reading)
  closeSync(writing)
  pool.release(name)
  expect(readdirSync(dir.path)).not.toContain(name)
})

test('more pipes are made before the last ones are taken', async () => {
  await using dir = await tempDir()
  const pool = await PipePool.open(dir.path, new Set())
  await pool.reserve(1)
  const first = readdirSync(dir.path).length
  await pool.reserve(first)
  for (let index = 0; index < first; index += 1) pool.take()
  await eventually(() => readdirSync(dir.path).length >= 2 * first, 10_000)
  await pool.reserve(1)
  expect(lstatSync(pool.pathOf(pool.take())).isFIFO()).toBe(true)
})

test('pipes of an earlier runner go, except those that are still in use', async () => {
  await using dir = await tempDir()
  const before = await PipePool.open(dir.path, new Set())
  await before.reserve(2)
  const kept = before.take()
  const pool = await PipePool.open(dir.path, new Set([kept]))
  expect(readdirSync(dir.path)).toEqual([kept])
  await pool.reserve(1)
  expect(pool.take()).not.toBe(kept)
})

test('a pipe that is given back is used again, and of very many only some are kept', async () => {
  await using dir = await tempDir()
  const pool = await PipePool.open(dir.path, new Set())
  await pool.reserve(300)
  // More are being made.
  const total = 384
  const names: string[] = []
  await eventually(() => {
    while (pool.hasFree) names.push(pool.take())
    return names.length === total
  }, 5_000)
  for (const name of names) pool.giveBack(name)
  expect(readdirSync(dir.path).length).toBeLessThan(300)
  expect(names).toContain(pool.take())
})
