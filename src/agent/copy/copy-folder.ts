/**
 * Where a copy keeps what it must not lose: a temporary folder, or the one of --work-dir with which it goes on later.
 *
 * Easy to get wrong: the folder holds a NATS server's store and its secrets, so it is closed to other accounts; and a
 * server outlives whoever started it, so a folder is removed only after its server has ended.
 */
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { CopyPlan } from '../../cli/copy/ports.ts'
import { messageOf } from '../../core/errors.ts'
import { isAlive, processIdentity, readPidFile } from '../../core/process-identity.ts'
import { serverFiles } from '../../engine/server-files.ts'
import { endServer, findRunningServer } from '../../engine/server-process.ts'
import { CopyWorkDirError } from './errors.ts'

export interface CopyRecord {
  readonly version: 1
  readonly jobId: string
  /** Without users and passwords, which may change between two runs. */
  readonly what: string
  /** The target had no bookkeeping of any job when the copy began. */
  readonly madeBookkeeping: boolean
}

export interface CopyFolder {
  readonly path: string
  /** True when an earlier run began the copy here. */
  readonly isResumed: boolean
  readonly jobId: string
  readonly record: CopyRecord | null
  /** Before anything is written at the target. */
  keep(madeBookkeeping: boolean): void
}

const prefix = 'millrace-copy-'
const recordName = 'copy.json'

/** A new one, for this run alone. */
export function temporaryFolder(plan: CopyPlan): CopyFolder {
  const path = mkdtempSync(join(tmpdir(), prefix))
  noteOwner(path)
  return { path, isResumed: false, ...begun(path, plan) }
}

/** @throws CopyWorkDirError when it cannot be used, or another copy is kept there */
export function workFolder(wanted: string, plan: CopyPlan): CopyFolder {
  const path = resolve(wanted)
  const found = prepare(path)
  const record = readRecord(path)
  if (record === null) {
    if (found.length === 0) return { path, isResumed: false, ...begun(path, plan) }
    throw new CopyWorkDirError(
      `--work-dir ${path} holds other files; name an empty folder, or one that is not there yet`,
    )
  }
  if (record.what !== describe(plan))
    throw new CopyWorkDirError(
      `--work-dir ${path} belongs to another copy (${serversOf(record.what)}, or ` +
        'other schemas and tables); repeat that command to go on with it, or name another folder',
    )
  return { path, isResumed: true, jobId: record.jobId, record, keep: () => undefined }
}

function begun(path: string, plan: CopyPlan): Pick<CopyFolder, 'jobId' | 'record' | 'keep'> {
  const jobId = `copy-${randomUUID()}`
  const keep = (madeBookkeeping: boolean) => {
    const record: CopyRecord = { version: 1, jobId, what: describe(plan), madeBookkeeping }
    writeFileSync(join(path, recordName), `${JSON.stringify(record)}\n`, { mode: 0o600 })
  }
  return { jobId, record: null, keep }
}

function describe({ from, to, include, exclude }: CopyPlan): string {
  return JSON.stringify({ from: `${from.host}:${from.port}`, to: `${to.host}:${to.port}`, include, exclude })
}

/** `db1:3306 to db2:3306`; null for what `describe` did not write. */
function serversOf(what: unknown): string | null {
  if (typeof what !== 'string') return null
  const { from, to } = (JSON.parse(what) ?? {}) as { readonly from?: unknown; readonly to?: unknown }
  return typeof from === 'string' && typeof to === 'string' ? `${from} to ${to}` : null
}

/** @returns null where there is none, or one that no copy wrote */
export function readRecord(path: string): CopyRecord | null {
  try {
    const record = JSON.parse(readFileSync(join(path, recordName), 'utf8')) as Partial<CopyRecord>
    const isOurs = record.version === 1 && typeof record.jobId === 'string' && serversOf(record.what) !== null
    return isOurs ? (record as CopyRecord) : null
  } catch {
    return null
  }
}

/** @returns what is in it */
function prepare(path: string): readonly string[] {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const found = readdirSync(path)
    if (found.length === 0) chmodSync(path, 0o700)
    return found
  } catch (error) {
    throw new CopyWorkDirError(
      `--work-dir ${path} cannot be used: ${messageOf(error)}; make it writable for this account, or name another folder`,
      { cause: error },
    )
  }
}

/** Ends a NATS server that was left there; what is not there is no error. */
export async function endLeftServer(path: string): Promise<void> {
  const left = statSync(path, { throwIfNoEntry: false }) === undefined ? null : findRunningServer(serverFiles(path))
  if (left !== null) await endServer(left)
}

/** Ends a NATS server that was left there, and removes everything; what is not there is no error. */
export async function clearFolder(path: string, keepsFolder: boolean): Promise<void> {
  await endLeftServer(path)
  if (!keepsFolder) rmSync(path, { recursive: true, force: true })
  else for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true })
}

/** Folders of copies that were killed together with their process, so that nobody could remove them. */
export async function clearLeftFolders(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name)
    if (!name.startsWith(prefix) || !isOurs(path)) continue
    const [owner, agent] = [readPidFile(join(path, 'owner.pid')), readPidFile(join(path, 'agent.pid'))]
    // Without its owner's note it is just being made, by somebody else.
    if (owner === null || isAlive(owner) || (agent !== null && isAlive(agent))) continue
    await clearFolder(path, false).catch(() => undefined)
  }
}

function noteOwner(path: string): void {
  writeFileSync(join(path, 'owner.pid'), JSON.stringify(processIdentity(process.pid)), { mode: 0o600 })
}

function isOurs(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.getuid?.()
}
