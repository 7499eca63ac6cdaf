/** Kills and stops of the process that starts the commands, and what it can see and show. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { idOf, isThere, NodeUnderTest, orderOf } from '../../test/execution/node-under-test.ts'
import { eventually } from '../../test/harness/eventually.ts'
import type { StartOrder } from '../model/execution.ts'
import { readProcess } from './runner/process-table.ts'

const limit = { timeout: 120_000 }
const appendTo = (file: string, text: string) => `echo ${text} >>${file}`
const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])

function spawnerPid(node: NodeUnderTest): number {
  return (JSON.parse(readFileSync(join(node.dir, 'spawner.pid'), 'utf8')) as { pid: number }).pid
}

function signalSpawner(node: NodeUnderTest, signal: NodeJS.Signals): number {
  const pid = spawnerPid(node)
  process.kill(pid, signal)
  return pid
}

/** Leaves orders with a spawner that stands still; as many as it is sent at a time. */
async function sendToStopped(node: NodeUnderTest, orders: readonly StartOrder[]): Promise<void> {
  signalSpawner(node, 'SIGSTOP')
  await eventually(() => readProcess(spawnerPid(node))?.state === 'T', 5_000)
  node.inbox.send(...orders)
  const isStarting = (line: string) => line.includes('"starting"') && line.includes(orders[0]?.group ?? '')
  await eventually(() => linesOf(join(node.dir, 'keys.journal')).some(isStarting), 5_000)
  expect((await node.executor.stats()).queued).toBe(orders.length)
}

describe('the spawner is killed', limit, () => {
  test('while commands run: they run on, keep their output, and end as unknown', async () => {
    await using node = await NodeUnderTest.start()
    const file = join(node.dir, 'ran.txt')
    const order = orderOf(
      `${appendTo(file, 'start')}; for i in 1 2 3 4 5 6; do echo tick $i; sleep 0.2; done; ${appendTo(file, 'end')}`,
    )
    node.inbox.send(order)
    const pid = await node.pidOf(order)
    await eventually(async () => (await node.executor.running()).some(({ output }) => output !== ''), 5_000)
    const killed = signalSpawner(node, 'SIGKILL')
    await eventually(() => !isThere(killed), 5_000)
    expect(await node.pidOf(order)).toBe(pid)
    node.inbox.send(order)
    const execution = await node.recordOf(order)
    expect(execution).toMatchObject({ outcome: 'unknown', exitCode: null, signal: null })
    expect(execution.reason).toContain('outcome unknown: the spawner was killed while the command ran; the command')
    expect(execution.output).toBe('tick 1\ntick 2\ntick 3\ntick 4\ntick 5\ntick 6\n')
    expect(linesOf(file)).toEqual(['start', 'end'])
    expect(await node.run(orderOf('echo next'))).toMatchObject({ outcome: 'succeeded', output: 'next\n' })
    expect(spawnerPid(node)).not.toBe(killed)
  })

  test('while commands run: they can still be stopped, and their time limit holds', async () => {
    await using node = await NodeUnderTest.start()
    const [stopped, limited] = [orderOf('sleep 60'), orderOf('sleep 60', { timeLimitMs: 2_000 })]
    node.inbox.send(stopped, limited)
    await node.pidOf(stopped)
    await node.pidOf(limited)
    signalSpawner(node, 'SIGKILL')
    expect(await node.executor.stop('job', idOf(stopped))).toBe(true)
    expect(await node.recordOf(stopped)).toMatchObject({ outcome: 'failed', reason: 'stopped by request' })
    expect(await node.recordOf(limited)).toMatchObject({
      outcome: 'failed',
      reason: 'ended after its time limit of 2 s',
    })
  })

  test('while it is sent commands: at most one is in doubt, the others are started by the next one', async () => {
    await using node = await NodeUnderTest.start()
    await node.run(orderOf('true'))
    const file = join(node.dir, 'ran.txt')
    const orders = Array.from({ length: 40 }, (_, index) => orderOf(appendTo(file, String(index))))
    await sendToStopped(node, orders)
    signalSpawner(node, 'SIGKILL')
    for (const order of orders) await node.recordOf(order, 20_000)
    const outcomes = orders.map((order) => node.sink.of(order)?.outcome)
    const unknown = outcomes.filter((outcome) => outcome === 'unknown').length
    expect(unknown).toBeLessThanOrEqual(1)
    expect(outcomes.filter((outcome) => outcome === 'succeeded')).toHaveLength(orders.length - unknown)
    const runs = linesOf(file)
    expect(new Set(runs).size).toBe(runs.length)
    expect(runs.length).toBeGreaterThanOrEqual(orders.length - unknown)
  })

  test('at random moments under a flood of orders: no command starts twice, each has one outcome', async () => {
    await using node = await NodeUnderTest.start()
    const file = join(node.dir, 'ran.txt')
    const orders: StartOrder[] = []
    for (let round = 0; round < 12; round += 1) {
      const fresh = Array.from({ length: 25 }, (_, index) =>
        orderOf(`${appendTo(file, `${round}.${index}`)}; sleep 0.0${index % 10}`),
      )
      orders.push(...fresh)
      node.inbox.send(...fresh, ...orders.filter(() => Math.random() < 0.2))
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 150))
      if (isThere(spawnerPid(node))) signalSpawner(node, 'SIGKILL')
    }
    for (const order of orders) await node.recordOf(order, 30_000)
    const runs = linesOf(file)
    expect(new Set(runs).size).toBe(runs.length)
    const outcomes = orders.map((order) => node.sink.of(order)?.outcome)
    expect(outcomes.every((outcome) => outcome === 'succeeded' || outcome === 'unknown')).toBe(true)
    const succeeded = outcomes.filter((outcome) => outcome === 'succeeded').length
    expect(runs.length).toBeGreaterThanOrEqual(succeeded)
    expect(succeeded).toBeGreaterThan(orders.length / 4)
    expect(node.sink.executions).toHaveLength(orders.length)
  })

  test('together with the runner: the command is taken over', async () => {
    await using node = await NodeUnderTest.start()
    const order = orderOf('sleep 6')
    node.inbox.send(order)
    const pid = await node.pidOf(order)
    signalSpawner(node, 'SIGKILL')
    await node.killRunner()
    expect(await node.pidOf(order)).toBe(pid)
    expect(await node.recordOf(order)).toMatchObject({ outcome: 'unknown' })
  })
})

describe('the spawner is stopped', limit, () => {
  test('and goes on: what waited is started then', async () => {
    await using node = await NodeUnderTest.start()
    await node.run(orderOf('true'))
    const order = orderOf('echo late')
    await sendToStopped(node, [order])
    signalSpawner(node, 'SIGCONT')
    expect(await node.recordOf(order)).toMatchObject({ outcome: 'succeeded', output: 'late\n' })
  })

  test('and a command that it was sent is to end: it ends as soon as it runs', async () => {
    await using node = await NodeUnderTest.start()
    await node.run(orderOf('true'))
    const order = orderOf('sleep 60')
    await sendToStopped(node, [order])
    expect(await node.executor.stop('job', idOf(order))).toBe(true)
    signalSpawner(node, 'SIGCONT')
    expect(await node.recordOf(order)).toMatchObject({ outcome: 'failed', reason: 'stopped by request' })
  })

  test('and a command that runs is to end: it does', async () => {
    await using node = await NodeUnderTest.start()
    const order = orderOf('sleep 60')
    node.inbox.send(order)
    const pid = await node.pidOf(order)
    signalSpawner(node, 'SIGSTOP')
    await node.executor.stop('job', idOf(order))
    await eventually(() => readProcess(pid)?.state === 'Z', 5_000)
    signalSpawner(node, 'SIGCONT')
    expect(await node.recordOf(order)).toMatchObject({ outcome: 'failed', signal: 'SIGTERM' })
  })

  test('and its runner is killed: it starts nothing of what it was sent, and the next runner ends it', async () => {
    await using node = await NodeUnderTest.start()
    await node.run(orderOf('true'))
    const file = join(node.dir, 'ran.txt')
    const order = orderOf(appendTo(file, 'run'))
    await sendToStopped(node, [order])
    const stopped = spawnerPid(node)
    await node.killRunner()
    expect(await node.recordOf(order)).toMatchObject({ outcome: 'unknown' })
    expect(readProcess(stopped)?.state ?? 'Z').toBe('Z')
    expect(linesOf(file)).toEqual([])
  })
})

describe('the runner ends', limit, () => {
  test('killed: the spawner ends by itself, and its command runs on and is taken over', async () => {
    await using node = await NodeUnderTest.start()
    const order = orderOf('sleep 6')
    node.inbox.send(order)
    const pid = await node.pidOf(order)
    const spawner = spawnerPid(node)
    await node.closeAgent()
    await node.killRunner()
    await eventually(() => !isThere(spawner), 5_000)
    expect(isThere(pid)).toBe(true)
    await node.openAgent()
    expect(await node.pidOf(order)).toBe(pid)
    expect(await node.recordOf(order)).toMatchObject({ outcome: 'unknown' })
  })

  test('told to: the spawner ends after the commands', async () => {
    await using node = await NodeUnderTest.start()
    const order = orderOf('sleep 60')
    node.inbox.send(order)
    await node.pidOf(order)
    const spawner = spawnerPid(node)
    // As a service manager does to all processes of a service.
    process.kill(spawner, 'SIGTERM')
    process.kill(await node.runnerPid(), 'SIGTERM')
    expect(await node.recordOf(order)).toMatchObject({ signal: 'SIGTERM', reason: 'the runner was told to end' })
    await eventually(() => !isThere(spawner), 5_000)
  })
})

describe('the spawner', limit, () => {
  test('bears no mark and no secret, and its commands have none of its files open', async () => {
    const env = { ...process.env, MILLRACE_TOKEN: 'planted-secret', PASSWORD: 'planted-password' }
    await using node = await NodeUnderTest.start({ env })
    const { output } = await node.run(orderOf('ls /proc/$$/fd; echo; env | cut -d= -f1'))
    // Those of three digits are the test's own, open in everything it starts.
    expect(output).toMatch(/^0\n1\n2\n(\d{3,}\n)*\n/)
    expect(output).not.toContain('NODE_CHANNEL')
    const seen = ['environ', 'cmdline'].map((name) => readFileSync(`/proc/${spawnerPid(node)}/${name}`, 'utf8')).join()
    for (const secret of ['MILLRACE_', 'planted']) expect(seen).not.toContain(secret)
  })
})
