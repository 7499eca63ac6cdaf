/** Every command against a real agent: on a pipe, and on a terminal where that looks otherwise. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AgentCluster, startAgentCluster } from '../harness/agent-cluster.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'
import { type EndedCommand, millrace } from '../harness/millrace-command.ts'
import { millraceLine, millraceOnTerminal, PseudoTerminal } from '../harness/pseudo-terminal.ts'
import { type TempDir, tempDir } from '../harness/temp-dir.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come out
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/

const yaml = `
name: Nightly Report
schedule: "0 30 2 * * *"
timezone: Europe/Berlin
command: "true"
tags: {role: web}
---
name: slow
schedule: "@manually"
command: for n in 1 2 3 4 5 6; do echo line $n; sleep 0.3; done; exit 3
shell: true
`

describe('with one agent', () => {
  let agent: TestAgent
  let folder: TempDir

  beforeAll(async () => {
    folder = await tempDir()
    agent = await startAgent({ args: ['--tag', 'role=web', '--node-name', 'mill-1'] })
  })

  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  const env = () => ({ MILLRACE_ADDRESS: `127.0.0.1:1,127.0.0.1:${agent.dkronPort}` })

  /** On a pipe, where nothing but plain text may come out. */
  async function run(args: readonly string[], input?: string): Promise<EndedCommand> {
    const ended = await millrace(args, { ...env(), FORCE_COLOR: '1' }, input)
    expect(ended.text, args.join(' ')).not.toMatch(controls)
    return ended
  }

  async function done(args: readonly string[], input?: string): Promise<string> {
    const ended = await run(args, input)
    expect(ended.status, ended.text).toBe(0)
    return ended.stdout
  }

  async function json<Shape>(args: readonly string[]): Promise<Shape> {
    return JSON.parse(await done([...args, '--json'])) as Shape
  }

  const onTerminal = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    millraceOnTerminal(args, { ...env(), ...more })

  test('apply shows first, then makes jobs be as a folder says, and does nothing the second time', async () => {
    const jobs = join(folder.path, 'jobs')
    mkdirSync(jobs)
    writeFileSync(join(jobs, 'jobs.yaml'), yaml)
    writeFileSync(
      join(jobs, 'list.json'),
      JSON.stringify([{ name: 'quick', schedule: '@daily', command: 'echo hello' }]),
    )
    const dry = await run(['apply', '-f', jobs, '--dry-run', '--exit-code'])
    expect([dry.status, dry.stdout]).toEqual([
      3,
      expect.stringContaining('+ scheduled job nightly-report would be created'),
    ])
    expect(await json(['jobs'])).toEqual([])
    const first = await done(['job', 'apply', '-f', jobs])
    expect(first).toContain('\n    timezone: "Europe/Berlin"\n')
    expect(first).toMatch(/\n3 created, 0 changed, 0 unchanged\n$/)
    const before = await json(['job', 'show', 'nightly-report'])
    expect(await done(['job', 'apply', '-f', jobs, '--exit-code'])).toMatch(/0 created, 0 changed, 3 unchanged\n$/)
    expect(await json(['job', 'show', 'nightly-report'])).toEqual(before)
    const changed = await done(['job', 'apply', '-f', '-'], yaml.replace('30 2', '45 2').replace('web', 'db'))
    expect(changed).toContain('    schedule: "0 30 2 * * *" -> "0 45 2 * * *"\n    tags.role: "web" -> "db"\n')
    expect(await json(['job', 'show', 'nightly-report'])).toMatchObject({
      schedule: '0 45 2 * * *',
      tags: { role: 'db' },
    })
  })

  test('nothing is written when one of several documents is wrong', async () => {
    const documents = `${yaml}---\nname: bad\nschedule: "0 0 0 30 2 *"\ncommand: "true"\n`
    const ended = await run(['job', 'apply', '-f', '-'], documents.replace('slow', 'other'))
    expect([ended.status, ended.stdout]).toEqual([2, ''])
    expect(ended.stderr).toMatch(/^millrace: standard input#3: schedule: .*\nmillrace: nothing was written\n$/)
    expect((await run(['job', 'show', 'other'])).status).toBe(1)
  })

  test('what is printed as JSON is a backup that can be applied', async () => {
    const backup = await done(['jobs', '--json'])
    await done(['job', 'rm', 'quick', 'nightly-report'])
    expect((await json<readonly unknown[]>(['jobs'])).length).toBe(1)
    expect(await done(['job', 'apply', '-f', '-'], backup)).toMatch(/2 created, 0 changed, 1 unchanged\n$/)
    const names = async (...flags: readonly string[]) =>
      (await json<readonly { readonly name: string }[]>(['jobs', ...flags])).map(({ name }) => name)
    expect(await names()).toEqual(['nightly-report', 'quick', 'slow'])
    expect(await names('--search', 'HELLO')).toEqual(['quick'])
    expect(await names('--sort', 'name', '--desc', '--limit', '2')).toEqual(['slow', 'quick'])
    expect(await names('--tag', 'role=db')).toEqual(['nightly-report'])
  })

  test('jobs are shown, disabled and enabled', async () => {
    expect(await done(['jobs'])).toMatch(/^NAME +STATUS +SCHEDULE.*\nnightly-report +never +0 45 2 \* \* \*/)
    expect(await done(['job', 'show', 'nightly-report'])).toMatch(
      /^next \(UTC\) +(\d{4}-\d\d-\d\d \d\d:45:00(, |$)){3}/m,
    )
    expect(await done(['job', 'disable', 'quick', 'slow'])).toBe('quick is disabled\nslow is disabled\n')
    expect(await done(['jobs', '--status', 'disabled'])).toMatch(/^quick +disabled/m)
    expect(await done(['job', 'enable', 'quick', 'slow'])).toBe('quick is enabled\nslow is enabled\n')
    const misspelt = await run(['job', 'enable', 'qiuck'])
    expect([misspelt.status, misspelt.stderr]).toEqual([1, expect.stringContaining('did you mean "quick"?')])
  })

  test('a job is run, and what it wrote is told', async () => {
    expect(await done(['job', 'run', 'quick'])).toBe('quick was ordered to run; see "millrace logs quick"\n')
    await eventually(async () => expect(await done(['executions', 'quick'])).toMatch(/succeeded/) ?? true, 15_000)
    const ended = await run(['logs', 'quick'])
    expect([ended.status, ended.stdout]).toEqual([0, 'hello\n'])
    expect(ended.stderr).toMatch(/^-- succeeded on mill-1 after \d/)
    const lines = (await done(['logs', 'quick', '--json'])).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { kind: 'output', node_name: 'mill-1', offset: 0, text: 'hello\n' },
      { kind: 'end', outcome: 'succeeded', exit_code: 0 },
    ])
    expect(await json(['run', 'quick'])).toMatchObject({ name: 'quick' })
    expect(await json(['executions', 'quick', '--limit', '1'])).toHaveLength(1)
  })

  test('logs -f waits for the next run and follows it line by line to its end, and tells that it failed', async () => {
    await using following = new PseudoTerminal(millraceLine(['logs', '-f', 'slow']), { env: env() })
    await using piped = new PseudoTerminal(`${millraceLine(['logs', '-f', 'slow'])} | cat`, { env: env() })
    for (const terminal of [following, piped]) await terminal.shows(/waits for its next run/)
    await done(['job', 'run', 'slow'])
    await following.shows(/line 1\r\n/)
    expect(following.text).not.toContain('line 6')
    await following.shows(/-- failed with/)
    const ended = await Promise.race([following.ended(), sleep(5_000, 'still runs', { ref: false })])
    expect(ended, 'it ends with what it follows').toBe(3)
    expect(following.text).toMatch(/run\r\n(line [1-6]\r\n){6}-- failed with exit status 3 on mill-1 after [\d.]+ s/)
    await piped.ended()
    expect(piped.text).toMatch(/run\r\n(line [1-6]\r\n){6}-- failed/)
  })

  test('logs -f begins at the beginning of what runs, and job stop ends it', async () => {
    const endless = {
      name: 'endless',
      schedule: '@manually',
      command: 'printf "\\033[2Jbegun"; sleep 600',
      shell: true,
    }
    await done(['job', 'apply', '-f', '-'], JSON.stringify(endless))
    await done(['run', 'endless'])
    await eventually(
      async () => expect(await done(['jobs', '--status', 'running'])).toContain('endless') ?? true,
      15_000,
    )
    await using following = new PseudoTerminal(millraceLine(['logs', '-f', 'endless']), { env: env() })
    await following.shows(/begun/)
    expect(following.text).not.toContain('\u001b')
    expect(await done(['job', 'stop', 'endless'])).toBe('endless was told to stop on mill-1\n')
    expect(await following.ended()).toBe(3)
    expect(await done(['job', 'stop', 'endless'])).toBe('nothing of endless runs\n')
  })

  test('logs -f ends soon when the job it waits for is deleted, and shows all that a deleted job still writes', async () => {
    const counting = { schedule: '@manually', command: 'for n in 1 2 3 4 5 6; do echo line $n; sleep 0.5; done' }
    const jobs = ['idle', 'busy'].map((name) => ({ name, ...counting, shell: true }))
    await done(['job', 'apply', '-f', '-'], JSON.stringify(jobs))
    await using waiting = new PseudoTerminal(millraceLine(['logs', '-f', 'idle']), { env: env() })
    await waiting.shows(/waits for its next run/)
    await using following = new PseudoTerminal(millraceLine(['logs', '-f', 'busy']), { env: env() })
    await following.shows(/waits for its next run/)
    await done(['job', 'run', 'busy'])
    await following.shows(/line 1\r\n/)
    await done(['job', 'rm', 'busy', 'idle'])
    expect(await Promise.race([waiting.ended(), sleep(5_000, 'still waits', { ref: false })])).toBe(1)
    expect(waiting.text).toContain('there is no job "idle"')
    await following.shows(/line 6\r\n/)
    expect([await following.ended(), following.text]).toEqual([1, expect.stringContaining('there is no job "busy"')])
  })

  test('the cluster, the settings, a schedule and the version are told', async () => {
    expect(await done(['members'])).toMatch(/^mill-1 +127\.0\.0\.1:\d+ +alive/m)
    expect(await json(['members'])).toMatchObject([{ Name: 'mill-1' }])
    expect((await run(['cluster', 'status'])).stdout).toMatch(/leader mill-1/)
    expect(await done(['config', 'show', '--node-name', 'x'])).toMatch(/^node-name +x +flag/m)
    expect(await done(['schedule', 'next', '@daily', '--count', '1'])).toMatch(/T00:00:00Z/)
    expect(await json(['version'])).toEqual({ version: expect.stringMatching(/^\d/) })
    expect(await json(['keygen', '--dir', join(folder.path, 'keys')])).toMatchObject([{ new: true }, {}, {}, {}])
    expect(await done(['--help'])).toMatch(/Exit status: 0 done; 1 .*; 2 .*\n3 /)
  })

  test('a terminal has colours, unless they are not wanted', async () => {
    const apply = ['job', 'apply', '--dry-run', '-f', join(folder.path, 'jobs')]
    expect((await onTerminal(apply)).text).toContain(
      '\u001b[33m~ scheduled job nightly-report would be changed\u001b[39m',
    )
    expect((await onTerminal(apply, { NO_COLOR: '1' })).text).not.toContain('\u001b')
  })

  test('a list that is cut off by its reader is no error', async () => {
    const long = millraceLine(['schedule', 'next', '@every 1s', '--count', '10000'])
    await using terminal = new PseudoTerminal(`${long} | head -1`)
    expect(await terminal.ended()).toBe(0)
    expect(terminal.text).toMatch(/^NEXT FIRE \(UTC\) .*\r\n$/)
  })

  describe('bash completes', () => {
    /** An interactive bash in which `millrace` is the program. */
    async function openBash(): Promise<PseudoTerminal> {
      const program = join(folder.path, 'millrace')
      writeFileSync(program, `#!/bin/sh\n${millraceLine([])} "$@"\n`, { mode: 0o700 })
      const variables = { ...env(), PATH: `${folder.path}:${process.env.PATH ?? ''}` }
      const terminal = new PseudoTerminal('bash --norc --noprofile -i', { env: variables })
      await terminal.shows(/[$#] $/)
      terminal.type('source <(millrace completion bash); echo "rea""dy"\n')
      await terminal.shows(/[\r\n]ready\r\n/)
      return terminal
    }

    test('commands, flags, their values, names that the agent knows, and files', async () => {
      await using bash = await openBash()
      for (const [typed, completed] of [
        ['millrace replication res\t', 'millrace replication resume '],
        ['millrace jobs --sta\tfail\t', 'millrace jobs --status failing '],
        [`millrace logs --address 127.0.0.1:${agent.dkronPort} -f nigh\t`, '-f nightly-report '],
        [`millrace job show --address=127.0.0.1:${agent.dkronPort} qu\t`, 'show --address=127.0.0.1:\\d+ quick '],
        ['millrace jobs --sort=suc\t', 'jobs --sort=success_rate '],
        [`millrace apply -f ${folder.path}/jobs/li\t`, '/jobs/list.json '],
        ['millrace leave mi\t', 'leave mill-1 '],
      ] as const) {
        const from = bash.text.length
        bash.type(typed)
        await bash.shows(new RegExp(`${completed}$`), 20_000, from)
        bash.type('\u0015')
      }
      bash.type('exit\n')
      expect(await bash.ended()).toBe(0)
    })

    test('nothing, and soon, where no agent answers', async () => {
      const asked = ['__complete', 'bash', 'millrace logs --address 127.0.0.1:1 x']
      expect(await millrace(asked, env())).toMatchObject({ status: 0, stdout: 'x\n', stderr: '' })
    })
  })

  test('an agent is made to leave', async () => {
    await done(['job', 'rm', 'nightly-report', 'quick', 'slow', 'endless'])
    expect(await done(['leave', 'mill-1'])).toContain('mill-1 leaves the cluster')
    await eventually(() => agent.hasExited, 60_000)
    expect((await run(['members'])).stderr).toMatch(/no agent answers at .*; start one with "millrace agent"/)
  })
})

describe('with two agents', () => {
  let cluster: AgentCluster

  beforeAll(async () => {
    cluster = await startAgentCluster({
      agents: 2,
      args: (index) => ['--tag', `number=${index + 1}`],
    })
  })

  afterAll(async () => cluster?.[Symbol.asyncDispose]())

  const addresses = () => cluster.agents.map(({ dkronPort }) => `127.0.0.1:${dkronPort}`)

  test('either of them follows what runs on the other, and marks the lines of what runs on both', async () => {
    const job = { schedule: '@manually', command: 'for n in 1 2 3; do echo at $n; sleep 0.4; done', shell: true }
    const jobs = [
      { ...job, name: 'there', tags: { number: '2' } },
      { ...job, name: 'both', tags: {} },
    ]
    const [first = ''] = addresses()
    const apply = await millrace(['apply', '-f', '-', '--address', first], {}, JSON.stringify(jobs))
    expect(apply.status, apply.text).toBe(0)
    const follow = async (name: string) => {
      await using following = new PseudoTerminal(millraceLine(['logs', '-f', name, '--address', first]))
      await following.shows(/waits for its next run/)
      expect((await millrace(['run', name, '--address', first])).status).toBe(0)
      expect(await following.ended()).toBe(0)
      return following.text
    }
    expect(await follow('there')).toMatch(/run\r\n(at \d\r\n){3}-- succeeded on node2/)
    const lines = (await follow('both')).split('\r\n')
    expect(lines.filter((line) => /^node1 \| at \d$/.test(line))).toHaveLength(3)
    expect(lines.filter((line) => /^node2 \| at \d$/.test(line))).toHaveLength(3)
  })

  test('when one of them is gone the other answers', async () => {
    const [first, second] = cluster.agents
    await second?.stop()
    const list = addresses().toReversed().join(',')
    const ended = await millrace(['members'], { MILLRACE_ADDRESS: list })
    expect([ended.status, ended.stdout]).toEqual([0, expect.stringContaining('node1')])
    expect(first?.hasExited).toBe(false)
  })
})
