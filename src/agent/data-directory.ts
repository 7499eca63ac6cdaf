/**
 * The directory of everything an agent keeps, and the proof that only one agent uses it.
 *
 * Easy to get wrong: the lock names a process by id and start time, so a lock left by a killed agent is taken over and a
 * lock of a living one never is, whatever got that id since.
 */
import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { isAlive, processIdentity, readPidFile } from '../core/process-identity.ts'
import { DataDirectoryError, DataDirectoryInUseError } from './errors.ts'

export interface DataDirectory {
  readonly path: string
  /** Made at the first start; what `NodeId` of a replication task names. */
  readonly nodeId: string
  /** Gives the directory back; another agent may use it then. */
  release(): void
}

/**
 * Makes the directory where it is missing, closes it to other accounts, and takes its lock.
 *
 * @throws DataDirectoryError when it cannot be written, DataDirectoryInUseError when another agent has it
 */
export function openDataDirectory(wantedPath: string): DataDirectory {
  const path = resolve(wantedPath)
  prepare(path)
  const lockPath = join(path, 'agent.pid')
  takeLock(path, lockPath)
  return {
    path,
    nodeId: once(join(path, 'node-id'), () => randomUUID()),
    release: () => rmSync(lockPath, { force: true }),
  }
}

function prepare(path: string): void {
  try {
    makeFolder(join(path, 'secrets'))
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700)
    const probe = join(path, `.probe-${process.pid}`)
    writeFileSync(probe, '')
    unlinkSync(probe)
  } catch (error) {
    throw new DataDirectoryError(
      `data directory ${path} cannot be used: ${messageOf(error)}; make it writable for this account or choose another with --data-dir`,
      { cause: error },
    )
  }
}

/** Parents too. Node's own `recursive` never returns where the system has no folders to make, as in /proc. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  if (!existsSync(dirname(path))) makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

function takeLock(path: string, lockPath: string): void {
  const own = `${lockPath}.${process.pid}`
  writeFileSync(own, JSON.stringify(processIdentity(process.pid)))
  try {
    for (;;) {
      try {
        // A hard link is made only if the name is free: two agents that start at once cannot both have it.
        linkSync(own, lockPath)
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const holder = readPidFile(lockPath)
      if (holder !== null && isAlive(holder)) throw new DataDirectoryInUseError(path, holder.pid)
      rmSync(lockPath, { force: true })
    }
  } finally {
    rmSync(own, { force: true })
  }
}

function once(path: string, make: () => string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    const text = make()
    writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
    return text
  }
}
