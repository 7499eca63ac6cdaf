import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { sampleExecution } from '../../../test/doubles/samples.ts'
import { tempDir } from '../../../test/harness/temp-dir.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import { executionKey } from '../../model/execution.ts'
import { ResultStore } from './result-store.ts'

const open = async (dir: string) => {
  const store = await ResultStore.open(
    { dir, flushKeys: async () => {}, clock: systemClock, log: silentLog },
    () => false,
  )
  onTestFinished(() => store.close())
  return store
}
const result = (n: number, outputBytes: number) =>
  sampleExecution({ id: String(n), output: String(n % 10).repeat(outputBytes) })

/** Everything, in portions. */
async function readAll(store: ResultStore): Promise<readonly { readonly id: string; readonly output: string }[]> {
  const found: { readonly id: string; readonly output: string }[] = []
  for (let after = 0; ; ) {
    const portion = await store.read(after, { count: 7, bytes: 1_000_000 })
    if (portion.length === 0) return found
    found.push(...portion.map(({ execution: { id, output } }) => ({ id, output })))
    after = portion.at(-1)?.sequence ?? after
  }
}

test('results come once each and in order, whether they are still in memory or have to be read back', async () => {
  await using dir = await tempDir()
  const store = await open(dir.path)
  const results = Array.from({ length: 30 }, (_none, n) => result(n, 300_000))
  await Promise.all(results.map((one) => store.add(one)))
  const wanted = results.map(({ id, output }) => ({ id, output }))
  expect(await readAll(store)).toEqual(wanted)
  await store.drop(results.slice(0, 25).map(({ jobName, id }) => executionKey(jobName, id)))
  const more = Array.from({ length: 5 }, (_none, n) => result(30 + n, 300_000))
  for (const one of more) await store.add(one)
  expect(await readAll(store)).toEqual([...wanted.slice(25), ...more.map(({ id, output }) => ({ id, output }))])
})

test('results that cannot be read back keep none of those after them', async () => {
  await using dir = await tempDir()
  const first = await open(dir.path)
  for (let n = 0; n < 20; n += 1) await first.add(result(n, 1_000))
  await first.close()
  const path = join(dir.path, 'results-00000001.journal')
  const store = await open(dir.path)
  const bytes = await readFile(path)
  await writeFile(path, Buffer.concat([Buffer.alloc(bytes.length / 2), bytes.subarray(bytes.length / 2)]))
  const found = (await readAll(store)).map(({ id }) => Number(id))
  expect(found.length).toBeGreaterThanOrEqual(9)
  expect(found.at(-1)).toBe(19)
})
