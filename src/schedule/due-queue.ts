/**
 * Jobs by the second they are due in: a binary heap that knows where each job sits.
 *
 * Easy to get wrong: setting or removing one job moves only its own way through the heap, the others keep their
 * times; that is why editing one of 100,000 jobs disturbs none of the rest.
 */
interface Slot {
  readonly name: string
  readonly second: number
}

export class DueQueue {
  readonly #heap: Slot[] = []
  readonly #indexOf = new Map<string, number>()

  get size(): number {
    return this.#heap.length
  }

  /** The earliest second in which something is due, or null. */
  get firstSecond(): number | null {
    return this.#heap[0]?.second ?? null
  }

  /** Adds a job or moves it to another second. */
  set(name: string, second: number): void {
    const slot = { name, second }
    const index = this.#indexOf.get(name)
    if (index === undefined) {
      this.#place(slot, this.#heap.length)
      this.#rise(this.#heap.length - 1)
      return
    }
    this.#place(slot, index)
    this.#sink(this.#rise(index))
  }

  /** Removing what is not there does nothing. */
  remove(name: string): void {
    const index = this.#indexOf.get(name)
    if (index === undefined) return
    this.#indexOf.delete(name)
    const moved = this.#heap.pop()
    if (moved === undefined || index === this.#heap.length) return
    this.#place(moved, index)
    this.#sink(this.#rise(index))
  }

  /** Removes and returns every job due in `second` or before. */
  takeThrough(second: number): string[] {
    const names: string[] = []
    for (let first = this.#heap[0]; first !== undefined && first.second <= second; first = this.#heap[0]) {
      names.push(first.name)
      this.remove(first.name)
    }
    return names
  }

  clear(): void {
    this.#heap.length = 0
    this.#indexOf.clear()
  }

  #place(slot: Slot, index: number): void {
    this.#heap[index] = slot
    this.#indexOf.set(slot.name, index)
  }

  #rise(start: number): number {
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapUnlessOrdered(parent, index)) break
      index = parent
    }
    return index
  }

  #sink(start: number): void {
    let index = start
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      const child = this.#secondAt(right) < this.#secondAt(left) ? right : left
      if (!this.#swapUnlessOrdered(index, child)) return
      index = child
    }
  }

  #swapUnlessOrdered(parent: number, child: number): boolean {
    const above = this.#heap[parent]
    const below = this.#heap[child]
    if (above === undefined || below === undefined || above.second <= below.second) return false
    this.#place(below, parent)
    this.#place(above, child)
    return true
  }

  #secondAt(index: number): number {
    return this.#heap[index]?.second ?? Number.POSITIVE_INFINITY
  }
}
