/**
 * What Linux says about processes, from /proc (proc_pid_stat(5)).
 *
 * Easy to get wrong: a pid alone names nothing for long; pid plus start time does. And a zombie still has an entry
 * though its command has ended.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { executionKey } from '../../model/execution.ts'

export interface ProcessFacts {
  /** One letter: R, S, D, T, Z, X... */
  readonly state: string
  readonly groupId: number
  readonly sessionId: number
  /** Clock ticks since boot when it started, field 22. */
  readonly startTicks: string
}

/** Parses a /proc/<pid>/stat line; the name in it may hold spaces and parentheses. */
export function parseStat(stat: string): ProcessFacts {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {
    state: fields[0] ?? '',
    groupId: Number(fields[2]),
    sessionId: Number(fields[3]),
    startTicks: fields[19] ?? '',
  }
}

/** @returns null when there is no such process */
export function readProcess(pid: number): ProcessFacts | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return null
  }
}

/** Whether exactly this process still runs; a zombie does not. */
export function isAlive(pid: number, startTicks: string): boolean {
  const facts = readProcess(pid)
  return facts !== null && facts.startTicks === startTicks && facts.state !== 'Z' && facts.state !== 'X'
}

/** Whether a process of the group still runs. Reads the whole of /proc. */
export function hasRunningMember(groupId: number): boolean {
  return readdirSync('/proc').some((name) => {
    const facts = /^\d+$/.test(name) ? readProcess(Number(name)) : null
    return facts !== null && facts.groupId === groupId && facts.state !== 'Z' && facts.state !== 'X'
  })
}

/** Differs after every boot of the machine. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/**
 * Finds commands of ours by the marks in their environment. Only leaders of a session count: their children inherit
 * the environment, but not that.
 *
 * @returns the pid of each of `keys` that runs
 */
export function findMarkedProcesses(keys: ReadonlySet<string>): Map<string, number> {
  const found = new Map<string, number>()
  if (keys.size === 0) return found
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const pid = Number(name)
    const key = markOf(pid)
    if (key !== null && keys.has(key) && readProcess(pid)?.sessionId === pid) found.set(key, pid)
  }
  return found
}

function markOf(pid: number): string | null {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    const marked = (name: string) => entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1)
    const jobName = marked('MILLRACE_JOB')
    const id = marked('MILLRACE_EXECUTION')
    return jobName === undefined || id === undefined ? null : executionKey(jobName, id)
  } catch {
    return null
  }
}
