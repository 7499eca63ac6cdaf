/**
 * One nats-server process: started in a session of its own, or found again after the agent that started it died.
 *
 * Easy to get wrong: it must outlive the agent's `kill -9`, so it shares neither terminal, process group nor pipes with
 * it, and it is known by pid and start time, never by pid alone.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type ProcessIdentity, processIdentity } from '../core/process-identity.ts'
import { NatsStartError } from './errors.ts'
import { type ServerFiles, writeWhole } from './server-files.ts'

const livenessPollMs = 100
const graceMs = 15_000

export interface ServerFacts {
  /** Of its whole configuration. */
  readonly configHash: string
  /** Of what only a restart can change. */
  readonly fixedHash: string
  readonly version: string
}

/** What the pid file holds. */
export interface ServerRecord extends ProcessIdentity, ServerFacts {}

/** Starts the program and notes it in the pid file. @throws NatsStartError when it cannot be executed */
export async function spawnServer(serverPath: string, files: ServerFiles, facts: ServerFacts): Promise<ServerRecord> {
  const output = openSync(files.crashLog, 'w', 0o600)
  try {
    const child = spawn(serverPath, ['--config', files.config], {
      cwd: files.folder,
      detached: true,
      stdio: ['ignore', output, output],
      // The agent's own environment may hold secrets that this process does not need.
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? files.folder },
    })
    child.unref()
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('spawn', () => resolve(child.pid ?? 0))
      child.once('error', (cause) =>
        reject(new NatsStartError(`cannot run ${serverPath}: ${cause.message}`, { cause })),
      )
    })
    return noteServer(files, { ...(processIdentity(pid) ?? { pid, startTicks: '' }), ...facts })
  } finally {
    closeSync(output)
  }
}

/** Writes the pid file. */
export function noteServer(files: ServerFiles, record: ServerRecord): ServerRecord {
  writeWhole(files.pid, JSON.stringify(record))
  return record
}

/** The server of this data directory that runs now, whoever started it; null when none does. */
export function findRunningServer(files: ServerFiles): ServerRecord | null {
  const noted = readRecord(files.pid)
  if (noted !== null && isAlive(noted)) return noted
  // An agent killed between starting a server and noting it leaves one that only its arguments tell.
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || !hasArgument(name, files.config)) continue
    const identity = processIdentity(Number(name))
    if (identity !== null) return { ...identity, configHash: '', fixedHash: '', version: '' }
  }
  return null
}

/** Resolves when the process has ended. @throws the signal's reason */
export async function whenEnded(server: ProcessIdentity, signal?: AbortSignal): Promise<void> {
  while (isAlive(server)) await sleep(livenessPollMs, undefined, signal === undefined ? {} : { signal })
}

/** Has it read its configuration again; what it says of that is in its log. */
export function reloadServer(server: ProcessIdentity): void {
  signalServer(server, 'SIGHUP')
}

/** Asks it to end, which syncs its store, and kills it when it does not. */
export async function endServer(server: ProcessIdentity): Promise<void> {
  signalServer(server, 'SIGTERM')
  const deadline = performance.now() + graceMs
  while (isAlive(server)) {
    if (performance.now() > deadline) signalServer(server, 'SIGKILL')
    await sleep(20)
  }
}

function signalServer(server: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(server)) return
  try {
    process.kill(server.pid, signal)
    // A stopped process (SIGSTOP) takes note of a signal only once it goes on.
    process.kill(server.pid, 'SIGCONT')
  } catch (error) {
    if (isAlive(server)) throw error
  }
}

function readRecord(path: string): ServerRecord | null {
  try {
    const {
      pid,
      startTicks,
      configHash = '',
      fixedHash = '',
      version = '',
    } = JSON.parse(readFileSync(path, 'utf8')) as Partial<ServerRecord>
    if (typeof pid !== 'number' || typeof startTicks !== 'string') return null
    return { pid, startTicks, configHash, fixedHash, version }
  } catch {
    return null
  }
}

function hasArgument(pid: string, wanted: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(wanted)
  } catch {
    return false
  }
}
