/**
 * Owns resources and closes them in reverse order, each exactly once, even when one of them fails to close.
 */
export class Scope implements AsyncDisposable {
  #closers: (() => unknown)[] = []
  #closing: Promise<void> | null = null

  /** Registers a resource; `close` runs when the scope ends. @returns the resource */
  use<Resource>(resource: Resource, close: (resource: Resource) => unknown): Resource {
    this.#closers.push(() => close(resource))
    return resource
  }

  /** Registers something to do when the scope ends. */
  defer(close: () => unknown): void {
    this.#closers.push(close)
  }

  /** Closes everything; calling twice waits for the same end. @throws AggregateError with every failure */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = []
    for (let closer = this.#closers.pop(); closer !== undefined; closer = this.#closers.pop()) {
      try {
        await closer()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'closing failed')
  }
}
