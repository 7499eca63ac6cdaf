/**
 * A disk of a machine that can be full: a tmpfs of its own, below the agent's data directory.
 *
 * Easy to get wrong: filling it is done by one file as large as what is free, asked for in one go, so that nothing else
 * can slip in between; freeing it removes that file and nothing more.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const sizeBytes = 640 * 1024 * 1024
const mounted = new Set<string>()

process.prependListener('exit', () => {
  for (const path of mounted) unmount(path)
})

export class SmallDisk implements Disposable {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** @returns null where this account may not mount anything */
  static mount(path: string): SmallDisk | null {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0700`, 'millrace-test', path])
    if (status !== 0) return null
    mounted.add(path)
    return new SmallDisk(path)
  }

  /** Leaves no room at all. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.path)
    spawnSync('fallocate', ['--length', String(bavail * bsize), this.#ballast])
    // What the first call left over by rounding.
    spawnSync('dd', ['if=/dev/zero', `of=${this.#ballast}-rest`, 'bs=4k', 'status=none'])
  }

  free(): void {
    for (const path of [this.#ballast, `${this.#ballast}-rest`]) rmSync(path, { force: true })
  }

  [Symbol.dispose](): void {
    unmount(this.path)
    mounted.delete(this.path)
  }

  get #ballast(): string {
    return join(this.path, 'ballast')
  }
}

/** Lazily: a process that was killed a moment ago may still hold on to it. */
function unmount(path: string): void {
  spawnSync('umount', ['--lazy', path])
}
