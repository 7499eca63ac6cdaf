/**
 * One runner a folder, however many are started at once.
 *
 * The lock is a socket in Linux's abstract namespace: taking it is atomic, and it goes with its process, kill -9
 * included. A lock file can do neither. Its name is random and kept in the folder, so that nobody else can take it
 * first.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'

/** @returns the lock, to be kept until the process ends, or null when another runner has it */
export function takeRunnerLock(dir: string): Promise<Server | null> {
  const server = createServer((connection) => connection.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else reject(error)
    })
    const { dev, ino } = statSync(dir)
    server.listen(`\0millrace-runner-${dev}-${ino}-${lockName(dir)}`, () => resolve(server))
  })
}

/** Whoever comes first decides the name: a link is made at once and with its contents. */
function lockName(dir: string): string {
  const path = join(dir, 'lock-name')
  if (existsSync(path)) return readFileSync(path, 'utf8')
  const ownPath = `${path}.${process.pid}`
  writeFileSync(ownPath, randomUUID(), { mode: 0o600 })
  try {
    linkSync(ownPath, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(ownPath, { force: true })
  }
  return readFileSync(path, 'utf8')
}
