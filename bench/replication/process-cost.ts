/** What processes cost, from /proc (proc_pid_stat(5), proc_pid_status(5)). */
import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks a second in /proc: USER_HZ, 100 on every Linux that Node runs on. */
const ticksPerSecond = 100

/** CPU time of a process, user and system together, since it began; 0 when it has ended. */
export function cpuSeconds(pid: number): number {
  const fields = statFields(pid)
  return fields === null ? 0 : (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** The most memory that a process ever had resident, in MiB; 0 when it has ended. */
export function peakMiB(pid: number): number {
  const peakKb = /^VmHWM:\s+(\d+) kB/m.exec(readQuietly(`/proc/${pid}/status`))?.[1]
  return peakKb === undefined ? 0 : Number(peakKb) / 1_024
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

/** From the third field on, the state: the second one, the name, may hold blanks. */
function statFields(pid: number): readonly string[] | null {
  const text = readQuietly(`/proc/${pid}/stat`)
  return text === '' ? null : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
