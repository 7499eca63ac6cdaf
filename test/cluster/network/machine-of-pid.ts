/** Which machine of a test a process belongs to, where all machines share one network. */
import { readdirSync, readFileSync } from 'node:fs'

/** The variable that every process of a machine has inherited; its value is `<run>/<machine>`. */
export const machineVariable = 'MR_MACHINE'

/** @returns null when the process is of no test, or has ended */
export function machineOfPid(pid: string): string | null {
  return markOf(pid)?.split('/')[1] ?? null
}

/** All processes that carry this mark. */
export function pidsMarked(mark: string): readonly number[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && markOf(pid) === mark)
    .map(Number)
}

function markOf(pid: string): string | null {
  try {
    const found = new RegExp(`(?:^|\\0)${machineVariable}=([^\\0]*)`).exec(
      readFileSync(`/proc/${pid}/environ`, 'latin1'),
    )
    return found?.[1] ?? null
  } catch {
    return null
  }
}
