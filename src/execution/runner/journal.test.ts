import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tempDir } from '../../../test/harness/temp-dir.ts'
import { silentLog } from '../../core/log.ts'
import type { StartOrder } from '../../model/execution.ts'
import { acceptedOrder } from './execution-record.ts'
import { JournalFile } from './journal-file.ts'
import { decodeJournal, encodeLine } from './journal-line.ts'
import { KeyJournal } from './key-journal.ts'
import { type JournalRecord, journalRecords, KeyState } from './key-state.ts'

const order = (group: number): StartOrder => ({
  jobName: 'job',
  group: String(group),
  attempt: 1,
  scheduledAt: group,
  command: 'echo\n"é"',
  isShell: true,
  runAsUser: null,
  concurrency: 'allow',
  timeLimitMs: null,
  startBeforeAt: null,
})
const accepted = (group: number) => acceptedOrder(order(group), 'n1', group)
const keyOf = (group: number) => accepted(group).key

describe('a journal file', () => {
  test('torn at any byte gives back every record before the tear, and takes new ones', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'j')
    const records = [{ a: 1 }, { text: 'é\n"' }, { list: [1, 2, 3] }]
    const lines = records.map(encodeLine)
    const ends = lines.map((_line, index) => Buffer.concat(lines.slice(0, index + 1)).length)
    const whole = Buffer.concat(lines)
    for (let cut = 0; cut <= whole.length; cut += 1) {
      await writeFile(path, whole.subarray(0, cut))
      const { file, entries } = await JournalFile.open(path, silentLog)
      const before = ends.filter((end) => end <= cut).length
      expect(entries.map((entry) => entry.value)).toEqual(records.slice(0, before))
      await file.append([{ last: true }], true)
      await file.close()
      const values = decodeJournal(await readFile(path)).entries.map((entry) => entry.value)
      expect(values).toEqual([...records.slice(0, before), { last: true }])
    }
  })

  test('that gathers writes what came meanwhile in one go, each on disk when it is told', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'j')
    const { file } = await JournalFile.open(path, silentLog, { gatherMs: 50 })
    const first = await file.append([{ n: 0 }], true)
    const gathered = [1, 2, 3].map((n) => file.append([{ n }], true))
    expect(decodeJournal(await readFile(path)).entries).toHaveLength(1)
    const offsets = [first, ...(await Promise.all(gathered))]
    const found = decodeJournal(await readFile(path)).entries
    expect(found.map(({ value }) => value)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }])
    expect(found.map(({ offset }) => offset)).toEqual(offsets)
    const last = file.append([{ n: 4 }], true)
    await file.close()
    await last
    expect(decodeJournal(await readFile(path)).entries).toHaveLength(5)
  })

  test('damage in the middle costs the damaged record alone', () => {
    const lines = [{ a: 1 }, { b: 2 }, { c: 3 }].map(encodeLine)
    const bytes = Buffer.concat(lines)
    fc.assert(
      fc.property(fc.nat({ max: (lines[1]?.length ?? 0) - 2 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(bytes)
        const position = (lines[0]?.length ?? 0) + at
        damaged[position] = (damaged[position] ?? 0) ^ change
        const values = decodeJournal(damaged).entries.map((entry) => entry.value)
        expect(values).toEqual([{ a: 1 }, { c: 3 }])
      }),
    )
  })

  test('what was appended can be read from the place that append told', async () => {
    await using dir = await tempDir()
    const { file } = await JournalFile.open(join(dir.path, 'j'), silentLog)
    const values = Array.from({ length: 50 }, (_, index) => ({ index, text: 'x'.repeat(index) }))
    const offsets = await Promise.all(values.map((value) => file.append([value], true)))
    for (const [index, value] of values.entries())
      expect(await file.read(offsets[index] ?? -1, encodeLine(value).length)).toEqual(value)
    await file.close()
  })
})

describe('the memory of keys', () => {
  const step = fc.record({
    kind: fc.constantFrom('accept', 'starting', 'spawned', 'delivered'),
    group: fc.integer({ min: 1, max: 6 }),
  })
  const recordOf = ({ kind, group }: { kind: string; group: number }): JournalRecord => {
    if (kind === 'accept') return journalRecords.accept(accepted(group))
    if (kind === 'starting') return journalRecords.starting([keyOf(group)])
    if (kind === 'delivered') return journalRecords.delivered([keyOf(group)], group)
    return journalRecords.spawned({ key: keyOf(group), pid: 7, startTicks: '9', startedAt: 1, pipeName: '1' })
  }

  test('a snapshot adds up to the state it was taken of', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const state = new KeyState()
        for (const record of steps.map(recordOf)) state.apply(record)
        const again = new KeyState()
        for (const record of state.snapshot()) again.apply(JSON.parse(JSON.stringify(record)))
        expect([...again.open.values()]).toEqual([...state.open.values()])
        for (let group = 1; group <= 6; group += 1) {
          expect(again.isKnown(keyOf(group))).toBe(state.isKnown(keyOf(group)))
          expect(again.isDelivered(keyOf(group))).toBe(state.isDelivered(keyOf(group)))
        }
      }),
    )
  })

  test('a key is known for a day after its delivery', () => {
    const state = new KeyState()
    state.apply(journalRecords.accept(accepted(1)))
    state.apply(journalRecords.delivered([keyOf(1)], 0))
    state.forgetOld(24 * 3_600_000)
    expect(state.isKnown(keyOf(1))).toBe(true)
    state.forgetOld(24 * 3_600_000 + 1)
    expect(state.isKnown(keyOf(1))).toBe(false)
  })

  test('what is not delivered is never forgotten', () => {
    const state = new KeyState()
    state.apply(journalRecords.accept(accepted(1)))
    state.forgetOld(Number.MAX_SAFE_INTEGER)
    expect(state.isKnown(keyOf(1))).toBe(true)
  })
})

describe('the key journal', () => {
  test('knows after a restart what it knew, however often it was rewritten', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'keys.journal')
    const { journal } = await KeyJournal.open(path, 'boot', () => 1, silentLog)
    const groups = Array.from({ length: 400 }, (_, index) => index + 1)
    const large = (group: number) => ({ ...accepted(group), order: { ...order(group), command: 'x'.repeat(60_000) } })
    for (let at = 0; at < groups.length; at += 50) {
      const some = groups.slice(at, at + 50)
      await journal.accept(some.map(large))
      await Promise.all(some.filter((group) => group % 10 > 0).map((group) => journal.delivered([keyOf(group)])))
    }
    await journal.flush()
    await journal.close()
    const sizeBytes = (await readFile(path)).length
    expect(sizeBytes).toBeLessThan(12_000_000)
    const { journal: again, isSameBoot } = await KeyJournal.open(path, 'boot', () => 1, silentLog)
    expect(isSameBoot).toBe(true)
    expect(groups.every((group) => again.isKnown(keyOf(group)))).toBe(true)
    expect(again.open().map(({ key }) => key)).toEqual(groups.filter((group) => group % 10 === 0).map(keyOf))
    await again.close()
  })

  test('notices that the machine was restarted', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'keys.journal')
    await (await KeyJournal.open(path, 'boot-1', () => 1, silentLog)).journal.close()
    await truncate(path, (await readFile(path)).length)
    const { journal, isSameBoot } = await KeyJournal.open(path, 'boot-2', () => 1, silentLog)
    expect(isSameBoot).toBe(false)
    await journal.close()
  })
})
