/** What processes cost, from /proc (proc_pid_stat(5), proc_pid_status(5)). */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Clock ticks a second in /proc: USER_HZ, 100 on every Linux that Node runs on. */
const ticksPerSecond = 100
const quietMs = 1_000
const lookMs = 2_000

/** CPU time of a process, user and system together, since it began; 0 when it has ended. */
export function cpuSeconds(pid: number): number {
  const fields = statFields(pid)
  return fields === null ? 0 : (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** The most memory that a process ever had resident, or since `forgetPeak`, in MiB; 0 when it has ended. */
export function peakMiB(pid: number): number {
  return statusMiB(pid, 'VmHWM')
}

/** The memory that a process has resident now, in MiB; 0 when it has ended. */
export function residentMiB(pid: number): number {
  return statusMiB(pid, 'VmRSS')
}

/** From now on `peakMiB` counts anew (proc_pid_clear_refs(5)). @throws Error when the process has ended */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** Resolves when the process has stopped growing. */
export async function whenSettled(pid: number): Promise<void> {
  for (let before = 0; ; ) {
    const now = residentMiB(pid)
    if (now <= before + 1) return
    before = now
    await sleep(quietMs)
  }
}

/** The process and all that descend from it, as far as their parents live. */
export function processTree(root: number): readonly number[] {
  const childrenOf = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const fields = Number.isInteger(pid) ? statFields(pid) : null
    if (fields === null) continue
    const parent = Number(fields[1])
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid])
  }
  const found = [root]
  for (const pid of found) found.push(...(childrenOf.get(pid) ?? []))
  return found
}

/** Those of the processes whose command line holds `text`. */
export function withCommand(pids: readonly number[], text: string): readonly number[] {
  return pids.filter((pid) => readQuietly(`/proc/${pid}/cmdline`).includes(text))
}

/** Of all cores, the share that was busy while this waited two seconds; 0 to 1 (proc_stat(5)). */
export async function busyShare(): Promise<number> {
  const before = machineTicks()
  await sleep(lookMs)
  return busySince(before)
}

/** Of all cores, the share that was busy since then; 0 to 1. */
export function busySince(before: MachineTicks): number {
  const now = machineTicks()
  return 1 - (now.idle - before.idle) / Math.max(1, now.all - before.all)
}

export interface MachineTicks {
  readonly all: number
  readonly idle: number
}

/** Of all cores since the start of the machine; idle includes waiting for the disk. */
export function machineTicks(): MachineTicks {
  const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const ticks = first.trim().split(/\s+/).slice(1, 9).map(Number)
  return { all: ticks.reduce((sum, some) => sum + some, 0), idle: (ticks[3] ?? 0) + (ticks[4] ?? 0) }
}

function statusMiB(pid: number, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readQuietly(`/proc/${pid}/status`))?.[1]
  return kibibytes === undefined ? 0 : Number(kibibytes) / 1_024
}

/** From the third field on, the state: the second one, the name, may hold blanks. */
function statFields(pid: number): readonly string[] | null {
  const text = readQuietly(`/proc/${pid}/stat`)
  return text === '' ? null : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** Empty for what is not there any more. */
export function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
