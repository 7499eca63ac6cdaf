import { describe, expect, test } from 'vitest'
import type { Session } from '../../mysql/session.ts'
import type { ApplyStrategy } from './apply-strategy.ts'
import type { CheckpointChange, CheckpointStore } from './checkpoint-store.ts'
import { type GroupPart, type LaneGroup, ParallelLanes } from './parallel-lanes.ts'
import type { RowsChange } from './row-changes.ts'

const mebibyte = 1024 * 1024

/** Turns in which whatever can go on does. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

/** Lanes whose writes go on when a test lets them; a part is known by its name. */
class Lanes {
  readonly done: string[] = []
  readonly lanes: ParallelLanes
  readonly #writing = new Map<string, { resolve(): void; reject(error: unknown): void }>()
  readonly #names = new Map<RowsChange, string>()

  constructor(count: number) {
    const strategy = {
      mode: 'exact',
      prepare: async () => {},
      write: ([change]: readonly RowsChange[]) =>
        new Promise<void>((resolve, reject) => {
          this.#writing.set(this.#names.get(change as RowsChange) ?? '', { resolve, reject })
        }),
    } as unknown as ApplyStrategy
    const session = { execute: async () => ({ affectedRows: 0, info: '' }) } as unknown as Session
    const change = async (_session: Session, { nextFrame }: CheckpointChange) => this.done.push(`commit ${nextFrame}`)
    this.lanes = new ParallelLanes({
      lanes: Array.from({ length: count }, () => ({ session, strategy })),
      checkpoints: { change } as unknown as CheckpointStore,
      onCommit: () => {},
    })
  }

  /** @param row that it touches; @param rows so many from there on */
  part(name: string, row: number, { sizeBytes = 1, rows = 1 } = {}): GroupPart {
    const change = { kind: 'rows' } as RowsChange
    this.#names.set(change, name)
    const keys = new Set(Array.from({ length: rows }, (_, index) => row + index))
    return { changes: [change], tokens: { touched: new Map([['t', keys]]), isAlone: false }, sizeBytes }
  }

  /** Parts that are being written now. */
  get writing(): readonly string[] {
    return [...this.#writing.keys()]
  }

  async written(name: string, error?: Error): Promise<void> {
    const writing = this.#writing.get(name)
    this.#writing.delete(name)
    if (error === undefined) writing?.resolve()
    else writing?.reject(error)
    await turns()
  }

  seal(group: LaneGroup, nextFrame: number): void {
    this.lanes.seal(group, { transactions: 1, checkpoint: { nextFrame } })
  }
}

describe('groups beside each other', () => {
  test('are written part by part at the same time, and commit in their order', async () => {
    const world = new Lanes(2)
    const first = await world.lanes.open()
    await world.lanes.add(first, world.part('1a', 1))
    await world.lanes.add(first, world.part('1b', 2))
    world.seal(first, 1)
    const second = await world.lanes.open()
    await world.lanes.add(second, world.part('2a', 3))
    await turns()
    expect(world.writing).toEqual(['1a', '2a'])
    await world.written('2a')
    world.seal(second, 2)
    await world.written('1a')
    expect([world.writing, world.done]).toEqual([['1b'], []])
    await world.written('1b')
    expect(world.done).toEqual(['commit 1', 'commit 2'])
    await world.lanes.written()
  })

  test('wait with a part for those before them that touch its rows', async () => {
    const world = new Lanes(2)
    const first = await world.lanes.open()
    await world.lanes.add(first, world.part('1a', 1))
    await world.lanes.add(first, world.part('1b', 2))
    world.seal(first, 1)
    const second = await world.lanes.open()
    await world.lanes.add(second, world.part('2a', 3))
    await world.lanes.add(second, world.part('2b', 1))
    world.seal(second, 2)
    await turns()
    await world.written('2a')
    await world.written('1a')
    expect(world.writing).toEqual(['1b'])
    await world.written('1b')
    expect([world.writing, world.done]).toEqual([['2b'], ['commit 1']])
  })

  test('are settled although one of them is not whole yet', async () => {
    const world = new Lanes(2)
    const open = await world.lanes.open()
    await world.lanes.add(open, world.part('a', 1))
    await world.lanes.settle()
    let isWritten = false
    const written = world.lanes.written().then(() => {
      isWritten = true
    })
    await turns()
    expect(isWritten).toBe(false)
    await world.written('a')
    await written
    expect(world.done).toEqual([])
  })

  test('take no more than fits, and one part that is larger alone', async () => {
    const world = new Lanes(1)
    const group = await world.lanes.open()
    await world.lanes.add(group, world.part('huge', 1, { sizeBytes: 100 * mebibyte }))
    let isTaken = false
    const adding = world.lanes.add(group, world.part('next', 2)).then(() => {
      isTaken = true
    })
    await turns()
    expect(isTaken).toBe(false)
    await world.written('huge')
    await adding
    expect(world.lanes.waitingBytes).toBe(1)
  })

  test('take no more keys than can be remembered, but all of one that is alone', async () => {
    const world = new Lanes(2)
    const first = await world.lanes.open()
    for (const place of [0, 1]) await world.lanes.add(first, world.part(`1${place}`, place * 60_000, { rows: 60_000 }))
    world.seal(first, 1)
    const second = await world.lanes.open()
    let isTaken = false
    const adding = world.lanes.add(second, world.part('2', 200_000, { rows: 60_000 })).then(() => {
      isTaken = true
    })
    await turns()
    await world.written('10')
    expect([isTaken, world.writing]).toEqual([false, ['11']])
    await world.written('11')
    expect(world.done).toEqual(['commit 1'])
    await adding
    await world.lanes.add(second, world.part('3', 300_000, { rows: 200_000 }))
    expect(second.tokens.isAlone).toBe(true)
  })

  test('tell everybody who waits of the first failure', async () => {
    const world = new Lanes(1)
    const [first, second] = [await world.lanes.open(), await world.lanes.open()]
    await world.lanes.add(first, world.part('1a', 1, { sizeBytes: 12 * mebibyte }))
    const waiting = [
      world.lanes.open(),
      world.lanes.add(second, world.part('2a', 2)),
      world.lanes.written(),
      world.lanes.lessBusy(),
    ]
    world.seal(first, 1)
    const settled = world.lanes.settle()
    await turns()
    await world.written('1a', new Error('the server is gone'))
    for (const one of [...waiting, settled]) await expect(one).rejects.toThrow('the server is gone')
    await expect(world.lanes.open()).rejects.toThrow('the server is gone')
    expect(world.done).toEqual([])
  })
})
