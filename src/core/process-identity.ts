/**
 * Tells one process from a later one that got the same id: a pid together with its start time.
 *
 * Easy to get wrong: a pid alone proves nothing after a restart; ids are used again.
 * Source: proc_pid_stat(5), field 22 (starttime, in clock ticks since boot).
 */
import { readFileSync } from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot, as text. */
  readonly startTicks: string
}

/** @returns null when no such process lives */
export function processIdentity(pid: number): ProcessIdentity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in field 2 may hold blanks and brackets; the fields after its last bracket are plain.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie runs nothing any more: it only waits to be reaped.
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    return { pid, startTicks: fields[19] ?? '' }
  } catch {
    return null
  }
}

/** True when the very process that was noted still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return processIdentity(identity.pid)?.startTicks === identity.startTicks
}

/** Reads a pid file as `writeFileSync(path, JSON.stringify(identity))` left it; null when missing or torn. */
export function readPidFile(path: string): ProcessIdentity | null {
  try {
    const { pid, startTicks } = JSON.parse(readFileSync(path, 'utf8')) as Partial<ProcessIdentity>
    return typeof pid === 'number' && typeof startTicks === 'string' ? { pid, startTicks } : null
  } catch {
    return null
  }
}
