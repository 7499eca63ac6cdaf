/** Resident memory of a process, from /proc (proc_pid_status(5)). */
import { readFileSync } from 'node:fs'

/** @returns MiB now, and the most there ever was of this process */
export function residentMiB(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024
  return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') }
}
