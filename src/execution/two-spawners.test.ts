/** Commands that are due together are started by two spawners; what each of them does alone is in spawner-faults.test.ts. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { idOf, isThere, NodeUnderTest, orderOf } from '../../test/execution/node-under-test.ts'
import { eventually } from '../../test/harness/eventually.ts'
import type { StartOrder } from '../model/execution.ts'
import { readProcess } from './runner/process-table.ts'

const limit = { timeout: 120_000 }
const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])
const ordersOf = (count: number, command: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => orderOf(command(index)))

function pidIn(node: NodeUnderTest, name: 'spawner' | 'spawner-2'): number | null {
  const path = join(node.dir, `${name}.pid`)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid : null
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** Sends commands until the second spawner has started one that runs. @returns its pid */
async function helpingSpawner(node: NodeUnderTest): Promise<number> {
  return eventually(
    async () => {
      const orders = ordersOf(12, () => 'sleep 1')
      node.inbox.send(...orders)
      await Promise.all(orders.map((order) => node.pidOf(order)))
      const helper = pidIn(node, 'spawner-2')
      const parents = (await node.executor.running()).map(({ pid }) => parentOf(pid))
      return helper !== null && parents.includes(helper) ? helper : undefined
    },
    60_000,
    'a command of the second spawner',
  )
}

describe('two spawners', limit, () => {
  test('one command at a time is started by the first, many by both', async () => {
    await using node = await NodeUnderTest.start()
    for (let count = 0; count < 3; count += 1) await node.run(orderOf('true'))
    expect(pidIn(node, 'spawner-2')).toBeNull()
    const helper = await helpingSpawner(node)
    const parents = (await node.executor.running()).map(({ pid }) => parentOf(pid))
    expect(new Set(parents)).toEqual(new Set([pidIn(node, 'spawner'), helper]))
    const order = orderOf('sleep 60')
    node.inbox.send(order)
    await eventually(async () => (await node.executor.running()).length === 1, 10_000)
    expect(parentOf(await node.pidOf(order))).toBe(pidIn(node, 'spawner'))
    await node.executor.stop('job', idOf(order))
  })

  test('while the first stands still the second gets no more than it held at first, and all start in their order later', async () => {
    await using node = await NodeUnderTest.start()
    await helpingSpawner(node)
    await eventually(async () => (await node.executor.running()).length === 0, 10_000)
    const first = pidIn(node, 'spawner') ?? 0
    process.kill(first, 'SIGSTOP')
    await eventually(() => readProcess(first)?.state === 'T', 5_000)
    const file = join(node.dir, 'ran.txt')
    const orders = ordersOf(12, (index) => `echo ${index} >>${file}`)
    node.inbox.send(...orders)
    await eventually(() => linesOf(file).length === 2, 10_000, 'what the second one was given')
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(linesOf(file)).toEqual(['1', '3'])
    process.kill(first, 'SIGCONT')
    for (const order of orders) expect(await node.recordOf(order)).toMatchObject({ outcome: 'succeeded' })
    expect(new Set(linesOf(file)).size).toBe(orders.length)
  })

  test('both end with a runner that is killed, and their commands run on', async () => {
    await using node = await NodeUnderTest.start()
    const helper = await helpingSpawner(node)
    const first = pidIn(node, 'spawner') ?? 0
    const orders = ordersOf(12, () => 'sleep 6')
    node.inbox.send(...orders)
    const pids = await Promise.all(orders.map((order) => node.pidOf(order)))
    await node.closeAgent()
    await node.killRunner()
    await eventually(() => !isThere(first) && !isThere(helper), 5_000)
    expect(pids.every(isThere)).toBe(true)
    await node.openAgent()
    for (const order of orders) expect(await node.recordOf(order)).toMatchObject({ outcome: 'unknown' })
  })

  test('both are killed at random moments under a flood of orders: no command starts twice, each has one outcome', async () => {
    await using node = await NodeUnderTest.start()
    await helpingSpawner(node)
    const file = join(node.dir, 'ran.txt')
    const orders: StartOrder[] = []
    for (let round = 0; round < 10; round += 1) {
      const fresh = ordersOf(25, (index) => `echo ${round}.${index} >>${file}; sleep 0.0${index % 10}`)
      orders.push(...fresh)
      node.inbox.send(...fresh, ...orders.filter(() => Math.random() < 0.2))
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 150))
      const pid = pidIn(node, round % 3 === 0 ? 'spawner' : 'spawner-2')
      if (pid !== null && isThere(pid)) process.kill(pid, 'SIGKILL')
    }
    for (const order of orders) await node.recordOf(order, 30_000)
    const runs = linesOf(file)
    expect(new Set(runs).size).toBe(runs.length)
    const outcomes = orders.map((order) => node.sink.of(order)?.outcome)
    expect(outcomes.every((outcome) => outcome === 'succeeded' || outcome === 'unknown')).toBe(true)
    expect(runs.length).toBeGreaterThanOrEqual(outcomes.filter((outcome) => outcome === 'succeeded').length)
  })
})

describe('events of a node', limit, () => {
  test('each start is told once, before the end', async () => {
    const told: string[] = []
    await using node = await NodeUnderTest.start({
      onStarted: ({ id }) => told.push(`start ${id}`),
      onFinished: ({ id }) => told.push(`end ${id}`),
    })
    const orders = ordersOf(40, (index) => (index % 4 === 0 ? 'sleep 0.05' : 'true'))
    node.inbox.send(...orders)
    for (const order of orders) {
      await node.recordOf(order)
      expect(told.filter((text) => text.endsWith(` ${idOf(order)}`))).toEqual([
        `start ${idOf(order)}`,
        `end ${idOf(order)}`,
      ])
    }
  })
})
