/**
 * What a process and its descendants use, looked at while they run.
 *
 * Easy to get wrong: what a process used between the last look and its end is not seen. And a process whose parent has
 * ended belongs to nobody, so what was found once is looked at for as long as it lives.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { cpuSeconds, peakMiB, processTree } from '../process-cost.ts'

const lookEveryMs = 250

export interface ProcessUse {
  readonly name: string
  readonly cpuSeconds: number
  /** The most that it had resident at once. */
  readonly peakMiB: number
}

/** Follows a process and its descendants until `stop`. */
export class UseWatch {
  readonly #root: number
  readonly #timer: NodeJS.Timeout
  readonly #found = new Map<number, ProcessUse>()

  constructor(root: number) {
    this.#root = root
    this.#timer = setInterval(() => this.#look(), lookEveryMs)
  }

  /** @returns a process each, the busiest first */
  stop(): readonly ProcessUse[] {
    clearInterval(this.#timer)
    return [...this.#found.values()].toSorted((a, b) => b.cpuSeconds - a.cpuSeconds)
  }

  #look(): void {
    const pids = new Set([...this.#found.keys(), this.#root].flatMap(processTree))
    for (const pid of pids) {
      const before = this.#found.get(pid)
      const used = cpuSeconds(pid)
      // Gone, or another process of the same number.
      if (before !== undefined && used < before.cpuSeconds) continue
      // One that has ended and was not yet waited for has no name and no memory any more.
      const name = nameOf(pid) || (before?.name ?? '')
      this.#found.set(pid, { name, cpuSeconds: used, peakMiB: Math.max(before?.peakMiB ?? 0, peakMiB(pid)) })
    }
  }
}

/** The script's name, or the program's. */
function nameOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return basename(words.find((word) => /\.[jt]s$/.test(word)) ?? words[0] ?? '')
  } catch {
    return ''
  }
}
