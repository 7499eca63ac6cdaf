import { expect, test } from 'vitest'
import { sampleExecution } from '../../../../test/doubles/samples.ts'
import { FakeClock } from '../../../core/clock.ts'
import { NotFoundError, UnavailableError } from '../../../core/errors.ts'
import { OutputRing } from '../../../execution/runner/output-ring.ts'
import type { Execution } from '../../../model/execution.ts'
import { type FollowedOutput, followOutput, nodeOfExecution, type OutputSource, outputNow } from './output-follower.ts'

const name = { jobName: 'job', id: '17-1-node-1' }

/** A node with one command, of whose output it keeps so much. */
class NodeDouble implements OutputSource {
  readonly clock = new FakeClock(0)
  readonly #ring: OutputRing
  state: 'pending' | 'running' | 'over' | 'silent' = 'running'
  record: Execution | null = null
  largestRead = 0
  reads = 0

  constructor(keptBytes = 1_000_000) {
    this.#ring = new OutputRing(keptBytes)
  }

  write(text: string | Uint8Array): void {
    this.#ring.write(Buffer.from(text as string))
  }

  end(change: Partial<Execution> = {}): void {
    this.state = 'over'
    const [output, outputBytes] = [this.#ring.text(), this.#ring.totalBytes]
    this.record = sampleExecution({ ...name, output, outputBytes, ...change })
  }

  async read(_node: string, { fromOffset, limitBytes }: { fromOffset: number; limitBytes: number }) {
    this.reads += 1
    if (this.state === 'silent') throw new UnavailableError('node node-1 does not answer')
    if (this.state === 'pending') return { kind: 'pending' } as const
    if (this.state === 'over') return { kind: 'none' } as const
    const part = this.#ring.read(fromOffset, limitBytes)
    this.largestRead = Math.max(this.largestRead, part.bytes.length)
    return { kind: 'part', ...part } as const
  }

  async recorded() {
    return this.record
  }
}

function follow(node: NodeDouble) {
  const end = new AbortController()
  const told: FollowedOutput[] = []
  const following = (async () => {
    for await (const one of followOutput(node, name, end.signal)) told.push(one)
  })()
  const text = () => told.map((one) => (one.kind === 'output' ? one.text : '')).join('')
  return { told, following, end, text }
}

/** In steps, so that what begins to wait meanwhile is woken too. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  await clock.advance(0)
  for (let passed = 0; passed < ms; passed += 50) await clock.advance(50)
}

test('the node of an execution is told by its id, whatever the name of the node', () => {
  expect(nodeOfExecution('17-1-node-1')).toBe('node-1')
  expect(nodeOfExecution('17-1-')).toBeNull()
  expect(nodeOfExecution('whatever')).toBeNull()
})

test('what a command writes is told while it runs, each part once, and then how it ended', async () => {
  const node = new NodeDouble()
  const { told, following, text } = follow(node)
  node.write('one\n')
  await pass(node.clock, 300)
  expect(text()).toBe('one\n')
  node.write('two €')
  await pass(node.clock, 300)
  expect(text()).toBe('one\ntwo €')
  node.write(' last')
  node.end()
  await pass(node.clock, 300)
  await following
  expect(text()).toBe('one\ntwo € last')
  expect(told.map((one) => (one.kind === 'output' ? one.offset : one.kind))).toEqual(['quiet', 0, 4, 11, 'end'])
  expect(told.at(-1)).toMatchObject({ kind: 'end', execution: { outcome: 'succeeded' }, reason: '' })
})

test('a character that comes in two parts is told whole', async () => {
  const node = new NodeDouble()
  const { following, text } = follow(node)
  const bytes = Buffer.from('a€b')
  node.write(bytes.subarray(0, 2))
  await pass(node.clock, 300)
  expect(text()).toBe('a')
  node.write(bytes.subarray(2))
  await pass(node.clock, 300)
  expect(text()).toBe('a€b')
  node.end()
  await pass(node.clock, 300)
  await following
  expect(text()).toBe('a€b')
})

test('what was written faster than it was read is left out, and the offset shows it', async () => {
  const node = new NodeDouble(1_000)
  const { told, following } = follow(node)
  node.write('x'.repeat(10))
  await pass(node.clock, 300)
  node.write('€'.repeat(10_000))
  await pass(node.clock, 300)
  node.end()
  await pass(node.clock, 300)
  await following
  const [first, second] = told.filter((one) => one.kind === 'output')
  expect(first).toMatchObject({ offset: 0 })
  expect(second).toMatchObject({ kind: 'output', text: '€'.repeat(333) })
  expect(second?.kind === 'output' && second.offset).toBeGreaterThan(29_000)
})

test('one piece at a time is asked for, and none while the reader does not take the one before', async () => {
  const node = new NodeDouble()
  node.write('y'.repeat(900_000))
  const followed = followOutput(node, name, new AbortController().signal)
  await followed.next()
  expect(node.reads).toBe(1)
  expect(node.largestRead).toBe(65_536)
  await pass(node.clock, 60_000)
  expect(node.reads).toBe(1)
  await followed.return()
})

test('an execution that has ended is told whole, in pieces', async () => {
  const node = new NodeDouble()
  node.write('z'.repeat(150_000))
  node.end()
  const { told, following, text } = follow(node)
  await pass(node.clock, 0)
  await following
  expect(text()).toHaveLength(150_000)
  expect(told.map(({ kind }) => kind)).toEqual(['output', 'output', 'output', 'end'])
})

test('one that waits for its turn is waited for', async () => {
  const node = new NodeDouble()
  node.state = 'pending'
  const { following, text } = follow(node)
  await pass(node.clock, 2_000)
  node.state = 'running'
  node.write('late')
  await pass(node.clock, 300)
  expect(text()).toBe('late')
  node.end()
  await pass(node.clock, 300)
  await following
})

test('one that nobody knows is not there', async () => {
  const node = new NodeDouble()
  node.state = 'over'
  const following = follow(node).following.catch((error: unknown) => error)
  await pass(node.clock, 1_000)
  expect(await following).toBeInstanceOf(NotFoundError)
  const now = outputNow(node, name).catch((error: unknown) => error)
  await pass(node.clock, 1_000)
  expect(await now).toBeInstanceOf(NotFoundError)
})

test('a node that does not answer is waited for, and then given up with the reason', async () => {
  const node = new NodeDouble()
  node.write('before')
  const { told, following } = follow(node)
  await pass(node.clock, 300)
  node.state = 'silent'
  await pass(node.clock, 10_000)
  node.state = 'running'
  node.write(' after')
  await pass(node.clock, 1_000)
  expect(told.filter(({ kind }) => kind === 'output')).toHaveLength(2)
  node.state = 'silent'
  await pass(node.clock, 40_000)
  await following
  expect(told.at(-1)).toEqual({ kind: 'end', execution: null, reason: 'node node-1 does not answer' })
})

test('of a node that is gone the record is told as soon as it is there', async () => {
  const node = new NodeDouble()
  const { told, following } = follow(node)
  await pass(node.clock, 300)
  node.state = 'silent'
  node.record = sampleExecution({ ...name, outcome: 'lost', output: '', outputBytes: 0 })
  await pass(node.clock, 1_000)
  await following
  expect(told.at(-1)).toMatchObject({ kind: 'end', execution: { outcome: 'lost' } })
})

test('following ends when nobody wants it any more', async () => {
  const node = new NodeDouble()
  const { following, end } = follow(node)
  await pass(node.clock, 300)
  end.abort()
  await following
})

test('the output there is now is that of the command while it runs, and the recorded one afterwards', async () => {
  const node = new NodeDouble()
  node.write('w'.repeat(600_000))
  expect(await outputNow(node, name)).toHaveLength(600_000)
  node.end({ output: 'short', outputBytes: 600_000 })
  expect(Buffer.from(await outputNow(node, name)).toString()).toBe('short')
  node.record = null
  node.state = 'silent'
  const now = outputNow(node, name).catch((error: unknown) => error)
  await pass(node.clock, 6_000)
  expect(await now).toBeInstanceOf(UnavailableError)
})
