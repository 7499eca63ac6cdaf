import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CopyPlan } from '../../cli/copy/ports.ts'
import { processIdentity } from '../../core/process-identity.ts'
import { clearLeftFolders, readRecord, temporaryFolder, workFolder } from './copy-folder.ts'
import { CopyWorkDirError } from './errors.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copies-'))
  vi.stubEnv('TMPDIR', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

const server = { host: 'db1', port: 1, user: 'u', password: 'hidden' }
const plan: CopyPlan = {
  from: server,
  to: { ...server, port: 2 },
  include: [],
  exclude: [],
  dropsTables: false,
  threads: 1,
}
const work = () => join(folder, 'work')

test('a work directory is made, closed to others, and begun with a job of its own', () => {
  const found = workFolder(work(), plan)
  expect(found).toMatchObject({ isResumed: false, record: null })
  expect(statSync(work()).mode & 0o077).toBe(0)
  found.keep(true)
  expect(readRecord(work())).toMatchObject({ jobId: found.jobId, madeBookkeeping: true })
  expect(JSON.stringify(readRecord(work()))).not.toContain('hidden')
})

test('the same copy goes on with its job, also with another account or fewer threads', () => {
  const first = workFolder(work(), plan)
  first.keep(false)
  const again = workFolder(work(), { ...plan, from: { ...server, user: 'other' }, threads: 9, dropsTables: true })
  expect(again).toMatchObject({ isResumed: true, jobId: first.jobId })
})

test('another copy is refused, and so is a folder that holds other files', () => {
  workFolder(work(), plan).keep(false)
  expect(() => workFolder(work(), { ...plan, exclude: [{ schema: 'a', tables: [] }] })).toThrow(CopyWorkDirError)
  expect(() => workFolder(work(), { ...plan, to: { ...server, port: 3 } })).toThrow(/db1:1 to db1:2/)
  writeFileSync(join(folder, 'letter'), '')
  expect(() => workFolder(folder, plan)).toThrow(/holds other files/)
  expect(() => workFolder(join(folder, 'letter'), plan)).toThrow(/cannot be used: .*name another folder/)
})

test.each([{}, { what: 1 }, { what: 'no JSON' }, { what: 'null' }, { what: '{}' }])(
  'a copy.json that no copy wrote is one of the other files: %j',
  (more) => {
    mkdirSync(work())
    writeFileSync(join(work(), 'copy.json'), JSON.stringify({ version: 1, jobId: 'copy-1', ...more }))
    expect(() => workFolder(work(), plan)).toThrow(/--work-dir \S+ holds other files; name an empty folder/)
  },
)

test('folders of copies that are gone are removed; those of living ones and of others are not', async () => {
  const living = temporaryFolder(plan).path
  const left = join(folder, 'millrace-copy-left')
  mkdirSync(join(left, 'nats'), { recursive: true })
  writeFileSync(join(left, 'owner.pid'), JSON.stringify({ pid: 1, startTicks: 'never' }))
  const ending = join(folder, 'millrace-copy-ending')
  mkdirSync(ending)
  writeFileSync(join(ending, 'owner.pid'), JSON.stringify({ pid: 1, startTicks: 'never' }))
  const own = processIdentity(process.pid)
  writeFileSync(join(ending, 'agent.pid'), JSON.stringify(own))
  mkdirSync(join(folder, 'millrace-copy-new'))
  mkdirSync(join(folder, 'others'))
  await clearLeftFolders()
  expect(existsSync(left)).toBe(false)
  expect(readdirSync(folder).toSorted()).toEqual(
    [living.slice(folder.length + 1), 'millrace-copy-ending', 'millrace-copy-new', 'others'].toSorted(),
  )
})
