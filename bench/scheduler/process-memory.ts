/** Resident memory of a process, from /proc (proc_pid_status(5)). */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const quietMs = 1_000

/** @returns MiB now, and the most there ever was of this process, or since `forgetPeak` */
export function residentMiB(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024
  return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') }
}

/** From now on `peak` counts anew (proc_pid_clear_refs(5)). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** Resolves when the process has stopped growing. */
export async function whenSettled(pid: number): Promise<void> {
  for (let before = 0; ; ) {
    const { now } = residentMiB(pid)
    if (now <= before + 1) return
    before = now
    await sleep(quietMs)
  }
}

/** The process that is the parent of an agent's commands. */
export function runnerPid(dataDir: string): number {
  const { pid } = JSON.parse(readFileSync(join(dataDir, 'runner/runner.pid'), 'utf8')) as { pid: number }
  return pid
}
