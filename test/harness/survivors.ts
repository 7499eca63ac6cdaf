/**
 * What outlives an agent on purpose, its NATS server and its command runner, ended by the pid files it leaves.
 *
 * Easy to get wrong: a process id is used again, so the start time from /proc (proc_pid_stat(5), field 22) must fit.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const pidFiles = ['runner/runner.pid', 'nats/nats.pid']

export interface PidRecord {
  readonly pid: number
  /** Clock ticks between the machine's start and the process's. */
  readonly startTicks: string
}

/** Kills the NATS server and the runner of an agent's data directory; never anything else. */
export function killSurvivors(dataDir: string): void {
  for (const name of pidFiles) {
    const record = readPidFile(join(dataDir, name))
    if (record !== null && startTicksOf(record.pid) === record.startTicks) killQuietly(record.pid)
  }
}

/** The process that a pid file names, whether it runs or not; null without a readable file. */
export function readPidFile(path: string): PidRecord | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startTicks' in value)) return null
    return { pid: Number(value.pid), startTicks: String(value.startTicks) }
  } catch {
    return null
  }
}

/** The start time of a running process in clock ticks since the machine's start; null when there is none, or a zombie. */
export function startTicksOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold anything, brackets too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself in between, which is what was wanted.
  }
}
