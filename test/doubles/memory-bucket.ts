/** A bucket in memory with the rules of model/bucket.ts, shared by as many "nodes" as a test wants. */
import { ConflictError } from '../../src/core/errors.ts'
import type { Bucket, BucketChange, Versioned } from '../../src/model/bucket.ts'

export class MemoryBucket<Value> implements Bucket<Value> {
  readonly #records = new Map<string, Versioned<Value>>()
  readonly #watchers = new Set<(change: BucketChange<Value>) => void>()
  #revision = 0
  /** Runs before every write; a test throws here, or lets somebody else be faster. */
  beforeWrite: (key: string) => void | Promise<void> = () => {}

  async get(key: string): Promise<Versioned<Value> | null> {
    return this.#records.get(key) ?? null
  }

  async create(key: string, value: Value): Promise<number> {
    await this.beforeWrite(key)
    if (this.#records.has(key)) throw new ConflictError(`${key} exists`)
    return this.#put(key, value)
  }

  async update(key: string, value: Value, revision: number): Promise<number> {
    await this.beforeWrite(key)
    if (this.#records.get(key)?.revision !== revision) throw new ConflictError(`${key} is newer`)
    return this.#put(key, value)
  }

  async put(key: string, value: Value): Promise<number> {
    await this.beforeWrite(key)
    return this.#put(key, value)
  }

  async delete(key: string, revision?: number): Promise<void> {
    await this.beforeWrite(key)
    const known = this.#records.get(key)
    if (known === undefined) return
    if (revision !== undefined && known.revision !== revision) throw new ConflictError(`${key} is newer`)
    this.#records.delete(key)
    this.#revision += 1
    this.#tell({ kind: 'delete', key, revision: this.#revision })
  }

  async lastRevision(): Promise<number> {
    return this.#revision
  }

  async list(): Promise<readonly Versioned<Value>[]> {
    return [...this.#records.values()]
  }

  async *watch(signal: AbortSignal): AsyncIterable<BucketChange<Value>> {
    const changes: BucketChange<Value>[] = [...this.#records.values()].map((record) => ({ kind: 'put', ...record }))
    changes.push({ kind: 'ready' })
    let wake = () => {}
    const watcher = (change: BucketChange<Value>) => {
      changes.push(change)
      wake()
    }
    this.#watchers.add(watcher)
    signal.addEventListener('abort', () => wake())
    while (!signal.aborted) {
      const change = changes.shift()
      if (change !== undefined) yield change
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
    this.#watchers.delete(watcher)
  }

  #put(key: string, value: Value): number {
    this.#revision += 1
    this.#records.set(key, { key, value, revision: this.#revision })
    this.#tell({ kind: 'put', key, value, revision: this.#revision })
    return this.#revision
  }

  #tell(change: BucketChange<Value>): void {
    for (const watcher of this.#watchers) watcher(change)
  }
}
