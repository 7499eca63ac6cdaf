/**
 * Puts what comes while a record is being written into the next one, so that many jobs decided one by one do not need a
 * write each.
 */
export class GroupRecords<Item> {
  readonly #write: (second: number, items: readonly Item[]) => Promise<void>
  readonly #waiting = new Map<number, { items: Item[]; written: Promise<void> }>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(write: (second: number, items: readonly Item[]) => Promise<void>) {
    this.#write = write
  }

  /** Resolves when the record that holds the item is written; fails with it. */
  add(second: number, item: Item): Promise<void> {
    const open = this.#waiting.get(second)
    if (open !== undefined) {
      open.items.push(item)
      return open.written
    }
    const items = [item]
    const written = this.#last.then(() => {
      this.#waiting.delete(second)
      return this.#write(second, items)
    })
    this.#waiting.set(second, { items, written })
    this.#last = written.catch(() => {})
    return written
  }
}
