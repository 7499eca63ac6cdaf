/**
 * What a process and its descendants use, from /proc (proc_pid_stat(5)), looked at while they run.
 *
 * Easy to get wrong: what a process used between the last look and its end is not seen.
 */
import { readdirSync, readFileSync } from 'node:fs'

const lookEveryMs = 250
/** USER_HZ of every Linux that Node runs on. */
const ticksPerSecond = 100

export interface ProcessUse {
  readonly cpuSeconds: number
  /** The most that one of the processes had resident at once. */
  readonly largestMiB: number
}

/** CPU seconds of one process so far. */
export function cpuSecondsOf(pid: number): number {
  return (statOf(pid)?.ticks ?? 0) / ticksPerSecond
}

/** Follows a process and its descendants until `stop`. */
export class UseWatch {
  readonly #root: number
  readonly #timer: NodeJS.Timeout
  readonly #ticks = new Map<number, number>()
  #largestMiB = 0

  constructor(root: number) {
    this.#root = root
    this.#timer = setInterval(() => this.#look(), lookEveryMs)
  }

  stop(): ProcessUse {
    clearInterval(this.#timer)
    const ticks = [...this.#ticks.values()].reduce((sum, one) => sum + one, 0)
    return { cpuSeconds: ticks / ticksPerSecond, largestMiB: this.#largestMiB }
  }

  #look(): void {
    const parents = new Map<number, number>()
    for (const name of readdirSync('/proc')) {
      const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null
      if (stat !== null) parents.set(Number(name), stat.parent)
    }
    for (const pid of parents.keys()) if (this.#ticks.has(pid) || this.#isBelow(pid, parents)) this.#note(pid)
  }

  #isBelow(pid: number, parents: ReadonlyMap<number, number>): boolean {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
      if (at === this.#root || this.#ticks.has(at)) return true
    return false
  }

  #note(pid: number): void {
    const stat = statOf(pid)
    if (stat === null) return
    this.#ticks.set(pid, stat.ticks)
    this.#largestMiB = Math.max(this.#largestMiB, peakMiB(pid))
  }
}

function statOf(pid: number): { readonly parent: number; readonly ticks: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything, blanks too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return null
  }
}

function peakMiB(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024
  } catch {
    return 0
  }
}
