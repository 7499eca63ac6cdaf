/**
 * A wall clock that can be set, for the processes of one machine; the machine's own clock is never touched.
 *
 * Easy to get wrong: the monotonic clock must stay true, as it does when somebody sets a real clock. The offset is read
 * from a file at every look, so changing the file is the jump.
 */
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { faketimeLibrary } from '../../../scripts/setup/libfaketime.ts'

export class OddClock {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
    this.setOffset(0)
  }

  /** For the environment of a machine's processes. */
  get env(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: faketimeLibrary,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_TIMESTAMP_FILE: this.#path,
      FAKETIME_NO_CACHE: '1',
    }
  }

  setOffset(seconds: number): void {
    // By a rename, or a process could read the file while it is empty.
    writeFileSync(`${this.#path}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`)
    renameSync(`${this.#path}.new`, this.#path)
  }

  /**
   * What processes that are gone have left in shared memory. A process that later gets such a pid can wait for ever for
   * the lock in it.
   */
  static clearDead(): void {
    for (const name of readdirSync('/dev/shm')) {
      const pid = /^(?:sem\.)?faketime_(?:shm|sem)_(\d+)$/.exec(name)?.[1]
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(`/dev/shm/${name}`, { force: true })
    }
  }

  /** What a process leaves in shared memory when it is killed. @param pids that ran with this clock */
  static clearAfter(pids: readonly number[]): void {
    const names = new Set(pids.flatMap((pid) => [`faketime_shm_${pid}`, `sem.faketime_sem_${pid}`]))
    for (const name of readdirSync('/dev/shm')) if (names.has(name)) rmSync(`/dev/shm/${name}`, { force: true })
  }
}
