/**
 * Where an embedded server keeps what is its own.
 *
 * Easy to get wrong: while a cluster forms, two servers run on one data directory, each on a store of its own; so
 * everything is named after the store.
 */
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { NatsStoreError } from './errors.ts'

/** `store`, or `store-<attempt>` for one that was filled when a cluster formed. */
export type StoreName = 'store' | `store-${string}`

export interface ServerFiles {
  /** Everything of the servers' own, mode 0700. */
  readonly folder: string
  readonly config: string
  readonly store: string
  readonly log: string
  /** What the process itself prints: only a crash of its run-time. */
  readonly crashLog: string
  readonly pid: string
}

/** @param storeName letters, digits, `-` and `_` */
export function serverFiles(dataDir: string, storeName: StoreName = 'store'): ServerFiles {
  if (!/^store(-[\w-]+)?$/.test(storeName)) throw new RangeError(`"${storeName}" is no name of a store`)
  const folder = join(dataDir, 'nats')
  const suffix = storeName.slice('store'.length)
  return {
    folder,
    config: join(folder, `nats${suffix}.conf`),
    store: join(folder, storeName),
    log: join(folder, `nats${suffix}.log`),
    crashLog: join(folder, `crash${suffix}.log`),
    pid: join(folder, `nats${suffix}.pid`),
  }
}

/** Makes the folders, closed to other accounts. @throws NatsStoreError when that is not possible */
export function prepareFolders(dataDir: string, files: ServerFiles): void {
  try {
    for (const folder of [dataDir, files.folder, files.store]) mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(files.folder, 0o700)
  } catch (cause) {
    throw notWritable(files, cause)
  }
}

/** @throws NatsStoreError when it cannot be written */
export function writeConfig(files: ServerFiles, config: string): void {
  try {
    writeWhole(files.config, config)
  } catch (cause) {
    throw notWritable(files, cause)
  }
}

/** Removes the store and all that is named after it; the server must have ended. @throws NatsStoreError */
export function removeServerFiles(files: ServerFiles): void {
  try {
    for (const path of [files.store, files.config, files.pid, files.log, files.crashLog])
      rmSync(path, { recursive: true, force: true })
  } catch (cause) {
    throw notWritable(files, cause)
  }
}

/** Writes a file that only this account can read, and waits until it is on disk. */
export function writeWhole(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600)
  try {
    chmodSync(path, 0o600)
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function notWritable(files: ServerFiles, cause: unknown): NatsStoreError {
  return new NatsStoreError(
    `the NATS store ${files.folder} cannot be written: ${messageOf(cause)}; correct its owner and mode, free disk space, or choose another --data-dir`,
    { cause },
  )
}
