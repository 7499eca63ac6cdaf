/** Kills, full disks, floods: what the runner promises about its journal. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { idOf, isThere, NodeUnderTest, orderOf } from '../../test/execution/node-under-test.ts'
import { eventually } from '../../test/harness/eventually.ts'
import { tempDir } from '../../test/harness/temp-dir.ts'
import type { StartOrder } from '../model/execution.ts'

const limit = { timeout: 120_000 }
const appendTo = (file: string, text: string) => `echo ${text} >>${file}`
const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])

function resultsOnDisk(dir: string): number {
  const files = readdirSync(dir).filter((name) => /^results-\d+\.journal$/.test(name))
  return files.reduce((sum, name) => sum + linesOf(join(dir, name)).length, 0)
}

describe('the agent goes', limit, () => {
  test('and its commands run on; the next agent delivers output and status', async () => {
    await using node = await NodeUnderTest.start()
    const order = orderOf('echo begin; sleep 1; echo end; exit 4')
    node.inbox.send(order)
    const pid = await node.pidOf(order)
    await node.closeAgent()
    expect(isThere(pid)).toBe(true)
    await eventually(() => !isThere(pid), 5_000)
    await node.openAgent()
    expect(await node.recordOf(order)).toMatchObject({ outcome: 'failed', exitCode: 4, output: 'begin\nend\n' })
  })

  test('and results that the cluster did not take wait, whole, also for another runner', async () => {
    await using node = await NodeUnderTest.start()
    node.sink.isAway = true
    const orders = Array.from({ length: 40 }, (_, index) => orderOf(`echo ${index}`))
    node.inbox.send(...orders)
    // What is not on disk yet would be an unknown outcome to the next runner.
    await eventually(() => resultsOnDisk(node.dir) === 40, 10_000)
    await node.closeAgent()
    await node.killRunner()
    node.sink.isAway = false
    await node.openAgent()
    for (const [index, order] of orders.entries())
      expect(await node.recordOf(order)).toMatchObject({ outcome: 'succeeded', output: `${index}\n` })
    await eventually(async () => (await node.executor.stats()).undelivered === 0, 5_000)
    expect(node.sink.executions).toHaveLength(40)
  })

  test('or its machine stops for a while, and what ended meanwhile is known', async () => {
    await using node = await NodeUnderTest.start()
    const order = orderOf('sleep 1; exit 3')
    node.inbox.send(order)
    const pid = await node.pidOf(order)
    const runner = await node.runnerPid()
    process.kill(runner, 'SIGSTOP')
    // Longer than a runner without an agent and without work stays.
    await sleep(11_500)
    process.kill(runner, 'SIGCONT')
    expect(await node.recordOf(order)).toMatchObject({ outcome: 'failed', exitCode: 3 })
    expect(isThere(pid)).toBe(false)
    expect(isThere(runner)).toBe(true)
  })

  test('for good, and the runner ends by itself', async () => {
    await using node = await NodeUnderTest.start()
    await node.run(orderOf('true'))
    const pid = await node.runnerPid()
    expect(await node.executor.shutdown()).toBe(true)
    await eventually(() => !isThere(pid), 5_000)
    expect(existsSync(join(node.dir, 'runner.pid'))).toBe(false)
    await node.openAgent()
    expect(await node.run(orderOf('echo back'))).toMatchObject({ output: 'back\n' })
  })

  test('while commands run, and shutdown says that the runner stays', async () => {
    await using node = await NodeUnderTest.start()
    const order = orderOf('sleep 1')
    node.inbox.send(order)
    await node.pidOf(order)
    expect(await node.executor.drain(50)).toBe(false)
    expect(await node.executor.shutdown()).toBe(false)
    await node.openAgent()
    expect(await node.executor.drain(10_000)).toBe(true)
    expect(node.sink.of(order)).toMatchObject({ outcome: 'succeeded' })
  })
})

describe('the runner is killed', limit, () => {
  test('while a command runs: it runs on, is shown, and ends as unknown with what it wrote since', async () => {
    await using node = await NodeUnderTest.start()
    const file = join(node.dir, 'ran.txt')
    const order = orderOf(
      `${appendTo(file, 'start')}; for i in 1 2 3 4 5 6; do echo tick $i; sleep 0.3; done; ${appendTo(file, 'end')}`,
    )
    node.inbox.send(order)
    const pid = await node.pidOf(order)
    await node.killRunner()
    expect(await eventually(() => node.pidOf(order), 10_000)).toBe(pid)
    node.inbox.send(order)
    const execution = await node.recordOf(order)
    expect(execution).toMatchObject({ outcome: 'unknown', exitCode: null })
    expect(execution.reason).toContain(
      'outcome unknown: the runner was killed while the command ran; the command ended',
    )
    expect(execution.output).toContain('tick 6\n')
    expect(linesOf(file)).toEqual(['start', 'end'])
  })

  test('and the next one too while it starts: a third is started at once', async () => {
    await using node = await NodeUnderTest.start()
    const first = await node.runnerPid()
    await node.killRunner()
    const second = await eventually(() => node.runnerPids().find((pid) => pid !== first), 5_000)
    process.kill(second, 'SIGKILL')
    expect(await node.run(orderOf('true'), 10_000)).toMatchObject({ outcome: 'succeeded' })
  })

  test('while a command runs: it can still be stopped, and its time limit holds', async () => {
    await using node = await NodeUnderTest.start()
    const [stopped, limited] = [orderOf('sleep 60'), orderOf('sleep 60', { timeLimitMs: 2_000 })]
    node.inbox.send(stopped, limited)
    await node.pidOf(stopped)
    await node.pidOf(limited)
    await node.killRunner()
    await node.pidOf(stopped)
    expect(await node.executor.stop('job', idOf(stopped))).toBe(true)
    expect(await node.recordOf(stopped)).toMatchObject({ outcome: 'failed', reason: 'stopped by request' })
    expect(await node.recordOf(limited)).toMatchObject({
      outcome: 'failed',
      reason: 'ended after its time limit of 2 s',
    })
  })

  test('and the command ends before the next runner: its outcome is unknown, and it is not started again', async () => {
    await using node = await NodeUnderTest.start()
    const file = join(node.dir, 'ran.txt')
    const order = orderOf(`${appendTo(file, 'run')}; sleep 0.4`)
    node.inbox.send(order)
    const pid = await node.pidOf(order)
    await node.closeAgent()
    await node.killRunner()
    await eventually(() => !isThere(pid), 5_000)
    node.inbox.send(order)
    await node.openAgent()
    expect(await node.recordOf(order)).toMatchObject({ outcome: 'unknown' })
    await node.run(orderOf('true'))
    expect(linesOf(file)).toEqual(['run'])
  })

  test('at random moments under a flood of repeated orders: no command starts twice, each has one outcome', async () => {
    await using node = await NodeUnderTest.start()
    const file = join(node.dir, 'ran.txt')
    const orders: StartOrder[] = []
    for (let round = 0; round < 8; round += 1) {
      const fresh = Array.from({ length: 25 }, (_, index) => orderOf(appendTo(file, `${round}.${index}`)))
      orders.push(...fresh)
      const repeated = orders.filter(() => Math.random() < 0.3)
      node.inbox.send(...fresh, ...repeated)
      node.inbox.send(...repeated)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 120))
      if (round % 3 === 1) await node.closeAgent()
      await node.killRunner().catch(() => {})
      if (round % 3 === 1) await node.openAgent()
    }
    for (const order of orders) await node.recordOf(order, 30_000)
    const runs = linesOf(file)
    expect(new Set(runs).size).toBe(runs.length)
    const outcomes = orders.map((order) => node.sink.of(order)?.outcome)
    const succeeded = outcomes.filter((outcome) => outcome === 'succeeded').length
    expect(outcomes.every((outcome) => outcome === 'succeeded' || outcome === 'unknown')).toBe(true)
    expect(runs.length).toBeGreaterThanOrEqual(succeeded)
    expect(succeeded).toBeGreaterThan(orders.length / 4)
  })

  test('twice at the same time started, one runner lives', async () => {
    await using node = await NodeUnderTest.start()
    await using other = await NodeUnderTest.start({}, node.dir)
    expect(await other.runnerPid()).toBe(await node.runnerPid())
    expect(await other.run(orderOf('true'))).toMatchObject({ outcome: 'succeeded' })
  })
})

describe('the runner is told to end', limit, () => {
  test('by SIGTERM: it ends its commands and records that, and is started again', async () => {
    await using node = await NodeUnderTest.start()
    const order = orderOf(`trap 'echo bye; exit 0' TERM; echo hi; while :; do sleep 0.1 2>/dev/null; done`)
    node.inbox.send(order)
    await node.pidOf(order)
    const pid = await node.runnerPid()
    process.kill(pid, 'SIGTERM')
    const execution = await node.recordOf(order)
    expect(execution).toMatchObject({ outcome: 'failed', reason: 'the runner was told to end' })
    await eventually(() => !isThere(pid), 5_000)
    expect(await node.run(orderOf('echo again'))).toMatchObject({ output: 'again\n' })
  })

  test('by nobody, but no agent came for ten seconds: it ends once its commands have ended', async () => {
    await using node = await NodeUnderTest.start()
    const order = orderOf('sleep 11')
    node.inbox.send(order)
    await node.pidOf(order)
    const pid = await node.runnerPid()
    await node.closeAgent()
    const closedAt = performance.now()
    await eventually(() => !isThere(pid), 40_000)
    expect(performance.now() - closedAt).toBeGreaterThan(19_000)
    await node.openAgent()
    expect(await node.recordOf(order)).toMatchObject({ outcome: 'succeeded' })
  })
})

describe('very much at once', limit, () => {
  test('a gigabyte of output costs little memory, and its end is kept', async () => {
    await using node = await NodeUnderTest.start()
    await node.run(orderOf('true'))
    const statusFile = `/proc/${await node.runnerPid()}/status`
    const before = residentMegabytes(statusFile)
    const order = orderOf('head -c 1000000000 /dev/zero; echo; echo the end')
    node.inbox.send(order)
    let highest = 0
    await eventually(() => {
      highest = Math.max(highest, residentMegabytes(statusFile))
      return node.sink.of(order) !== undefined
    }, 60_000)
    const execution = await node.recordOf(order)
    expect(execution.outputBytes).toBe(1_000_000_009)
    expect(execution.output.endsWith('\nthe end\n')).toBe(true)
    expect(execution.output.length).toBe(256_000)
    expect(highest - before).toBeLessThan(50)
  })

  test('2,000 orders run exactly once each, and the runner answers meanwhile', async () => {
    await using node = await NodeUnderTest.start()
    const file = join(node.dir, 'ran.txt')
    const orders = Array.from({ length: 2_000 }, (_, index) => orderOf(appendTo(file, String(index))))
    node.inbox.send(...orders)
    let slowestMs = 0
    await eventually(
      async () => {
        const askedAt = performance.now()
        const stats = await node.executor.stats()
        slowestMs = Math.max(slowestMs, performance.now() - askedAt)
        return stats.started === 2_000 && stats.running + stats.undelivered === 0
      },
      100_000,
      'the end of all',
    )
    expect(new Set(linesOf(file)).size).toBe(2_000)
    expect(linesOf(file)).toHaveLength(2_000)
    expect(node.sink.executions.every(({ outcome }) => outcome === 'succeeded')).toBe(true)
    expect(slowestMs).toBeLessThan(3_000)
    expect(await readdir(join(node.dir, 'pipes'))).not.toHaveLength(2_000)
  })

  test('delivered results leave no file behind that grows', async () => {
    await using node = await NodeUnderTest.start()
    for (let round = 0; round < 5; round += 1) {
      const orders = Array.from({ length: 20 }, () => orderOf('head -c 200000 /dev/zero | tr "\\0" x'))
      node.inbox.send(...orders)
      for (const order of orders) await node.recordOf(order, 30_000)
    }
    await eventually(async () => (await node.executor.stats()).undelivered === 0, 5_000)
    const names = (await readdir(node.dir)).filter((name) => name.startsWith('results-'))
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(node.dir, name))).size))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(9_000_000)
  })
})

test('the folder is its owner’s alone, and its path may be long', limit, async () => {
  await using dir = await tempDir()
  const deep = join(dir.path, 'a'.repeat(100), 'b'.repeat(100), 'runner')
  await using node = await NodeUnderTest.start({}, deep)
  expect(await node.run(orderOf('echo ok'))).toMatchObject({ output: 'ok\n' })
  expect(statSync(deep).mode & 0o777).toBe(0o700)
  for (const name of ['runner.sock', 'keys.journal', 'runner.log', 'runner.pid'])
    expect(statSync(join(deep, name)).mode & 0o777).toBe(0o600)
})

test.runIf(process.getuid?.() === 0)(
  'a full disk starts nothing that is not journalled, and heals',
  limit,
  async () => {
    await using dir = await tempDir()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir.path])
    try {
      await using outside = await tempDir()
      await using node = await NodeUnderTest.start({}, join(dir.path, 'runner'))
      const file = join(outside.path, 'ran.txt')
      const running = orderOf('sleep 1; echo kept')
      node.inbox.send(running)
      await node.pidOf(running)
      const filler = join(dir.path, 'filler')
      writeFileSync(filler, '')
      expect(() => {
        for (;;) appendFileSync(filler, Buffer.alloc(4_096))
      }).toThrow('ENOSPC')
      const refused = orderOf(`${appendTo(file, 'run')} # ${'x'.repeat(8_000)}`)
      expect(node.executor.refusesOrders).toBe(false)
      node.inbox.send(refused)
      await eventually(() => node.inbox.refusals.length > 1, 10_000)
      expect(node.executor.refusesOrders).toBe(true)
      expect(await node.recordOf(running)).toMatchObject({ outcome: 'succeeded', output: 'kept\n' })
      expect(linesOf(file)).toEqual([])
      unlinkSync(filler)
      expect(await node.recordOf(refused)).toMatchObject({ outcome: 'succeeded' })
      expect(linesOf(file)).toEqual(['run'])
      expect(node.executor.refusesOrders).toBe(false)
      await node.closeAgent()
    } finally {
      execFileSync('umount', ['-l', dir.path])
    }
  },
)

function residentMegabytes(statusFile: string): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(statusFile, 'utf8'))?.[1]) / 1_024
}
