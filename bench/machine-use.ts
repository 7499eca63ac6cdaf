/**
 * What holds a measurement back: how busy the cores were, and what one server's busiest thread did.
 *
 * A thread runs, waits for a core, or sleeps: for its client, a lock or the disk. Linux counts the first two for each
 * thread in nanoseconds (Documentation/scheduler/sched-stats.rst).
 *
 * Easy to get wrong: a thread that has ended is not seen, and one that began meanwhile has used all that it ever used.
 */
import { readdirSync } from 'node:fs'
import { busySince, machineTicks, readQuietly } from './process-cost.ts'

/** All three between 0 and 1. */
export interface MachineUse {
  /** Of all cores. */
  readonly busy: number
  /** Of the time, by the thread of the server that ran the most; null where the kernel does not count it. */
  readonly busiestThread: { readonly running: number; readonly waitingForCore: number } | null
}

interface ThreadTimes {
  readonly runningNs: number
  readonly waitingNs: number
}

/** From here to the call of `end`. */
export class MachineWatch {
  readonly #serverPid: number
  readonly #startedMs = performance.now()
  readonly #ticks = machineTicks()
  readonly #threads: ReadonlyMap<string, ThreadTimes>

  constructor(serverPid: number) {
    this.#serverPid = serverPid
    this.#threads = threadsOf(serverPid)
  }

  end(): MachineUse {
    const busy = busySince(this.#ticks)
    const elapsedNs = (performance.now() - this.#startedMs) * 1e6
    const used = [...threadsOf(this.#serverPid)].map(([id, now]) => {
      const before = this.#threads.get(id) ?? { runningNs: 0, waitingNs: 0 }
      return {
        running: (now.runningNs - before.runningNs) / elapsedNs,
        waitingForCore: (now.waitingNs - before.waitingNs) / elapsedNs,
      }
    })
    const [busiest] = used.toSorted((a, b) => b.running - a.running)
    return { busy, busiestThread: busiest !== undefined && busiest.running > 0 ? busiest : null }
  }
}

function threadsOf(pid: number): ReadonlyMap<string, ThreadTimes> {
  const folder = `/proc/${pid}/task`
  const threads = new Map<string, ThreadTimes>()
  for (const id of namesIn(folder)) {
    const [running, waiting] = readQuietly(`${folder}/${id}/schedstat`).split(' ')
    if (waiting !== undefined) threads.set(id, { runningNs: Number(running), waitingNs: Number(waiting) })
  }
  return threads
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
