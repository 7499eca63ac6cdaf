/** What happens to single commands, each run by a real runner. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { idOf, isThere, keyOf, NodeUnderTest, orderOf } from '../../test/execution/node-under-test.ts'
import { eventually } from '../../test/harness/eventually.ts'
import { findMarkedProcesses } from './runner/process-table.ts'
import type { OutputAnswer } from './runner/protocol.ts'

let node: NodeUnderTest
const graceMs = 500
beforeAll(async () => {
  const env = { ...process.env, MILLRACE_TOKEN: 'planted-secret', GREETING: 'hello' }
  node = await NodeUnderTest.start({ env, stopGraceMs: graceMs, workingDir: '/' })
})
afterAll(() => node[Symbol.asyncDispose]())

describe('a command', () => {
  test('is recorded with its status, its times and both streams as they came', async () => {
    const order = orderOf('for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done; exit 3')
    const before = Date.now()
    const execution = await node.run(order)
    const output = Array.from({ length: 9 }, (_, index) => `out ${index + 1}\nerr ${index + 1}\n`).join('')
    expect(execution).toMatchObject({ id: idOf(order), jobName: 'job', group: order.group, attempt: 1, nodeName: 'n1' })
    expect(execution).toMatchObject({ outcome: 'failed', exitCode: 3, signal: null, reason: '', output })
    expect(execution.outputBytes).toBe(output.length)
    expect(execution.startedAt).toBeGreaterThanOrEqual(before)
    expect(execution.finishedAt).toBeGreaterThanOrEqual(execution.startedAt)
  })

  test('finds its environment, its folder, nothing to read and no secret', async () => {
    const command = 'echo $MILLRACE_JOB $MILLRACE_FIRE $MILLRACE_EXECUTION $GREETING $(pwd) $(cat | wc -c); env'
    const order = orderOf(command)
    const { output } = await node.run(order)
    expect(output).toContain(`job 2023-11-14T22:13:20.000Z ${idOf(order)} hello / 0\n`)
    expect(output).not.toContain('planted-secret')
  })

  test('can open its output by name', async () => {
    expect((await node.run(orderOf('echo a >/dev/stderr; echo b >/dev/stdout'))).output).toBe('a\nb\n')
  })

  test('without a shell gets its words as they are', async () => {
    const order = orderOf(`printf '%s|' "a b" $HOME '*'`, { isShell: false })
    expect(await node.run(order)).toMatchObject({ outcome: 'succeeded', output: 'a b|$HOME|*|' })
  })

  test('leads a session and a process group of its own', async () => {
    const { output } = await node.run(orderOf('ps -o pid=,pgid=,sid= -p $$'))
    expect(new Set(output.trim().split(/\s+/)).size).toBe(1)
  })

  test('without a line end at its end keeps every byte', async () => {
    expect((await node.run(orderOf('printf abc'))).output).toBe('abc')
  })

  test('may write bytes that are no text', async () => {
    expect((await node.run(orderOf(String.raw`printf 'a\377b\303\251\0c'`))).output).toBe('a\ufffdbé\0c')
  })

  test('that closes its output runs on to its end', async () => {
    const execution = await node.run(orderOf('echo before; exec >&- 2>&-; sleep 0.4; exit 5'))
    expect(execution).toMatchObject({ exitCode: 5, output: 'before\n' })
    expect(execution.finishedAt - execution.startedAt).toBeGreaterThan(350)
  })

  test('ends when its main process does, and what it left in the background stays', async () => {
    const order = orderOf('(sleep 30; true) & echo $!; exit 0')
    const execution = await node.run(order)
    expect(execution.outcome).toBe('succeeded')
    expect(execution.finishedAt - execution.startedAt).toBeLessThan(1_000)
    const pid = Number(execution.output)
    expect(isThere(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
  })

  test('that leaves a process that goes on writing does not block it', async () => {
    const file = join(node.dir, 'left.txt')
    await node.run(orderOf(`(sleep 1.3; head -c 300000 /dev/zero; echo done >${file}) &`))
    await eventually(() => readFileSync(file, 'utf8') === 'done\n', 10_000)
  })

  test('killed by a signal says which', async () => {
    const execution = await node.run(orderOf('kill -SEGV $$'))
    expect(execution).toMatchObject({ outcome: 'failed', exitCode: null, signal: 'SIGSEGV' })
    expect(execution.reason).toBe('ended by signal SIGSEGV')
  })
})

describe('the output of a command that runs', () => {
  const textOf = (answer: OutputAnswer) =>
    answer.kind === 'part' ? Buffer.from(answer.data, 'base64').toString() : answer.kind

  test('is read on from any byte while it runs, and no more when its result was delivered', async () => {
    const order = orderOf('printf "one two "; sleep 30; true')
    node.inbox.send(order)
    const read = (from: number, limit = 100) => node.executor.outputOf('job', idOf(order), from, limit)
    await eventually(async () => textOf(await read(0)) === 'one two ', 10_000)
    expect(await read(4)).toEqual({
      kind: 'part',
      offset: 4,
      data: Buffer.from('two ').toString('base64'),
      totalBytes: 8,
    })
    expect(textOf(await read(0, 3))).toBe('one')
    expect(await read(8)).toMatchObject({ kind: 'part', offset: 8, data: '' })
    await node.executor.stop('job', idOf(order))
    await node.recordOf(order)
    await eventually(async () => (await read(8)).kind === 'none', 5_000)
  })

  test('is there from its oldest byte that is kept, however much was written', async () => {
    const order = orderOf('head -c 3000000 /dev/zero; sleep 30; true')
    node.inbox.send(order)
    const read = () => node.executor.outputOf('job', idOf(order), 10, 50)
    await eventually(async () => {
      const answer = await read()
      return answer.kind === 'part' && answer.totalBytes === 3_000_000 && answer.offset === 3_000_000 - 256_000
    }, 10_000)
    await node.executor.stop('job', idOf(order))
  })

  test('can be left out where it is only asked what runs', async () => {
    const order = orderOf('echo much; sleep 30; true')
    node.inbox.send(order)
    await eventually(async () => (await node.executor.running()).some(({ output }) => output === 'much\n'), 10_000)
    const briefly = await node.executor.running(null, 0)
    expect(briefly.find(({ id }) => id === idOf(order))).toMatchObject({ jobName: 'job', output: '' })
    await node.executor.stop('job', idOf(order))
  })
})

test('a command that has ended is seen to run until its result is where all can see it', async () => {
  const order = orderOf('true')
  const isSeen = async () => (await node.executor.running()).some(({ id }) => id === idOf(order))
  node.sink.isAway = true
  node.inbox.send(order)
  await eventually(async () => (await node.executor.statesOf([keyOf(order)]))[0] === 'ended', 5_000)
  expect(await isSeen()).toBe(true)
  expect(await node.executor.stop('job', idOf(order))).toBe(false)
  node.sink.isAway = false
  await node.recordOf(order)
  await eventually(async () => !(await isSeen()), 5_000)
})

describe('a command that cannot start', () => {
  const noShell = { isShell: false }

  test.each([
    ['is not there', orderOf('/no/such/program', noShell), "there is no program '/no/such/program'"],
    [
      'is in no folder of PATH',
      orderOf('no-such-program-at-all', noShell),
      "there is no program 'no-such-program-at-all'",
    ],
    ['is a folder', orderOf('/etc', noShell), "'/etc' may not be executed"],
    ['has an open quote', orderOf(`echo 'a`, noShell), 'never closed'],
    ['is too long', orderOf(`echo ${'x'.repeat(200_000)}`), 'longer than the system allows'],
    ['has a NUL in it', orderOf('echo a\0b'), 'could not be started'],
    ['has a user that is not there', orderOf('true', { runAsUser: 'no-such-user' }), "there is no user 'no-such-user'"],
  ] as const)('because it %s is a failed execution with the reason in its output', async (_name, order, reason) => {
    const execution = await node.run(order)
    expect(execution).toMatchObject({ outcome: 'failed', exitCode: null, signal: null })
    expect(execution.reason).toContain(reason)
    expect(execution.output).toBe(`${execution.reason}\n`)
  })

  test('from a shell has what the shell said', async () => {
    const execution = await node.run(orderOf('no-such-program-at-all'))
    expect(execution).toMatchObject({ outcome: 'failed', exitCode: 127 })
    expect(execution.output).toContain('not found')
  })
})

describe('ending a command', () => {
  const stubborn = `trap '' TERM; (trap '' TERM; while :; do sleep 0.1; done) & while :; do sleep 0.1; done`

  test('its time limit ends the whole group, also one that ignores SIGTERM', async () => {
    const execution = await node.run(orderOf(stubborn, { timeLimitMs: 300 }))
    expect(execution).toMatchObject({ outcome: 'failed', signal: 'SIGKILL' })
    expect(execution.reason).toBe('ended after its time limit of 0.3 s')
    expect(execution.finishedAt - execution.startedAt).toBeGreaterThanOrEqual(300 + graceMs - 50)
    expect(leftOf(execution.id)).toEqual([])
  })

  test('a stop lets it clean up, and still fails', async () => {
    const order = orderOf(`trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.1; done`)
    node.inbox.send(order)
    await node.pidOf(order)
    await eventually(async () => (await node.executor.running()).some(({ output }) => output === 'ready\n'), 5_000)
    expect(await node.executor.stop('job', idOf(order))).toBe(true)
    const execution = await node.recordOf(order)
    expect(execution).toMatchObject({ outcome: 'failed', reason: 'stopped by request' })
    expect(execution.output).toMatch(/^ready\n(Terminated\n)?cleaned\n$/)
    expect(await node.executor.stop('job', idOf(order))).toBe(false)
  })

  test('a stop ends what the main process left when it obeyed at once', async () => {
    const order = orderOf(`(trap '' TERM; while :; do sleep 0.1; done) & echo up; sleep 60`)
    node.inbox.send(order)
    await eventually(async () => (await node.executor.running()).some(({ output }) => output === 'up\n'), 5_000)
    await node.executor.stop('job', idOf(order))
    const { id } = await node.recordOf(order)
    expect(leftOf(id)).toEqual([])
  })

  test('a time limit that was not reached changes nothing', async () => {
    expect(await node.run(orderOf('echo ok', { timeLimitMs: 60_000 }))).toMatchObject({
      outcome: 'succeeded',
      reason: '',
    })
  })

  test('what does not run here cannot be stopped', async () => {
    expect(await node.executor.stop('job', 'no-such-execution')).toBe(false)
  })

  /** Processes of an execution that are still there, by its mark in their environment. */
  function leftOf(id: string): string[] {
    return [...findMarkedProcesses(new Set([`job/${id}`])).keys()]
  }
})

describe('orders', () => {
  test('of a job that forbids overlap are skipped while one runs', async () => {
    const change = { jobName: 'alone', concurrency: 'forbid' } as const
    const [first, second, third] = [orderOf('sleep 0.5', change), orderOf('true', change), orderOf('true', change)]
    node.inbox.send(first, second)
    expect(await node.recordOf(second)).toMatchObject({ outcome: 'skipped' })
    expect((await node.recordOf(second)).reason).toContain('an earlier execution of this job still runs')
    expect(await node.recordOf(first)).toMatchObject({ outcome: 'succeeded' })
    expect(await node.run(third)).toMatchObject({ outcome: 'succeeded' })
  })

  test('that come too late are recorded as missed, with the lateness', async () => {
    const execution = await node.run(orderOf('true', { startBeforeAt: Date.now() - 5_000 }))
    expect(execution.outcome).toBe('missed')
    expect(execution.reason).toMatch(/^not started: the order arrived 5\d\d\d ms after /)
  })

  test('that come again start nothing', async () => {
    const file = join(node.dir, 'again.txt')
    writeFileSync(file, '')
    const order = orderOf(`echo run >>${file}`)
    node.inbox.send(order, order)
    node.inbox.send(order)
    await node.recordOf(order)
    await node.run(orderOf('true'))
    node.inbox.send(order)
    await node.run(orderOf('true'))
    expect(readFileSync(file, 'utf8')).toBe('run\n')
    expect(node.sink.executions.filter(({ id }) => id === idOf(order))).toHaveLength(1)
  })
})

test('a command of another user has its ids, groups and home, if the agent may do that', async () => {
  const command = 'id -u; id -G; echo $HOME $USER $LOGNAME; echo x >/dev/stderr'
  const execution = await node.run(orderOf(command, { runAsUser: 'nobody' }))
  if (process.getuid?.() === 0) expect(execution.output).toBe('65534\n65534\n/nonexistent nobody nobody\nx\n')
  else expect(execution.reason).toContain('only an agent that runs as root')
})
