/** Real child processes, running a small program that speaks the protocol of task-messages.ts. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { replicationJob, storedTask } from '../../../test/doubles/replication-jobs.ts'
import { eventually } from '../../../test/harness/eventually.ts'
import { tempDir } from '../../../test/harness/temp-dir.ts'
import { SecretBox } from '../../core/secret-box.ts'
import type { TaskReport } from '../task-context.ts'
import { ForkTaskLauncher } from './fork-task-launcher.ts'

const program = `
process.on('disconnect', () => process.exit(0))
process.on('message', (order) => {
  if (order.kind === 'stop') {
    console.log(JSON.stringify({ msg: 'stopping', forget: order.forget }))
    if (process.env.LANG !== 'stubborn') process.exit(0)
    return
  }
  if (order.kind === 'nats') return process.send({ kind: 'report', report: { nats: order.nats } })
  console.log('started as ' + order.spec.role)
  console.error('odd line')
  process.send({ kind: 'report', report: { spec: order.spec, pid: process.pid, argv: process.argv, execArgv: process.execArgv, compileCache: process.env.NODE_COMPILE_CACHE } })
})
`

async function launch(environment: Readonly<Record<string, string>> = {}) {
  const folder = await tempDir('mr-launcher-')
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const entryPath = join(folder.path, 'task.mjs')
  writeFileSync(entryPath, program)
  const secrets = new SecretBox(Buffer.alloc(32, 1))
  const source = storedTask('source')
  const password = { kind: 'sealed', box: secrets.seal('planted-4711') } as const
  const job = replicationJob({ source: { ...source, server: { ...source.server, password } } })
  const lines: string[] = []
  const nats = { server: 'a' }
  const launcher = new ForkTaskLauncher({
    entryPath,
    secrets,
    environment: { PATH: process.env['PATH'] ?? '', AGENT_SECRET: 'planted-5822', ...environment },
    nodeName: 'alpha',
    compileCachePath: join(folder.path, 'cache'),
    natsFor: (of) => ({ stream: of.id, server: nats.server }),
    writeLine: (line, { role }) => lines.push(`${role}: ${line}`),
  })
  const reports: Record<string, unknown>[] = []
  const spec = { job, role: 'source', ownerTerm: 7 } as const
  const started = await launcher.launch(spec, (report: TaskReport) => reports.push({ ...report }))
  onTestFinished(() => started.stop({ timeoutMs: 0, forget: false }))
  const first = () => eventually(async () => reports[0] ?? Promise.reject(new Error('no report yet')), 5_000)
  return { launcher, started, first, lines, job, reports, nats }
}

test('a process is told what to do, with the password in clear, and its reports and lines arrive', async () => {
  const { started, first, lines, job } = await launch()
  expect(await first()).toMatchObject({
    spec: {
      job,
      role: 'source',
      server: { host: 'source.example', port: 3306, user: 'repl', password: 'planted-4711' },
      ownerTerm: 7,
      nats: { stream: 'j1', server: 'a' },
    },
    execArgv: expect.arrayContaining(['--max-old-space-size=256']),
    compileCache: expect.stringMatching(/cache$/),
  })
  await started.stop({ timeoutMs: 5_000, forget: true })
  expect(await started.exited).toEqual({ code: 0, signal: null })
  await eventually(() => lines.length === 3, 2_000)
  expect(lines.toSorted()).toEqual([
    'source: odd line',
    'source: started as source',
    'source: {"msg":"stopping","forget":true}',
  ])
})

test('a process learns that NATS is elsewhere now, and one that has ended is not told', async () => {
  const { launcher, first, started, reports, nats } = await launch()
  await first()
  nats.server = 'b'
  launcher.tellNats()
  await eventually(() => reports.length === 2, 5_000)
  expect(reports[1]).toEqual({ nats: { stream: 'j1', server: 'b' } })
  await started.stop({ timeoutMs: 5_000, forget: false })
  launcher.tellNats()
})

test('neither arguments nor environment of the process hold a secret', async () => {
  const { first } = await launch()
  const { pid, argv } = await first()
  const texts = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1'))
  expect([...texts, JSON.stringify(argv)].join()).not.toMatch(/planted/)
})

test('a process that does not heed is killed in time', async () => {
  const { started, first } = await launch({ LANG: 'stubborn' })
  await first()
  await started.stop({ timeoutMs: 100, forget: false })
  expect(await started.exited).toEqual({ code: null, signal: 'SIGKILL' })
})

test('stopping twice, or after the end, is no error', async () => {
  const { started } = await launch()
  await Promise.all([1, 2].map(() => started.stop({ timeoutMs: 5_000, forget: false })))
  await started.stop({ timeoutMs: 0, forget: false })
})

test('a program that is missing is a process that ended', async () => {
  const secrets = new SecretBox(Buffer.alloc(32, 1))
  const lines: string[] = []
  const launcher = new ForkTaskLauncher({
    entryPath: '/no/such/program.mjs',
    secrets,
    environment: { PW: 'x' },
    nodeName: 'alpha',
    natsFor: () => null,
    writeLine: (line) => lines.push(line),
  })
  const source = storedTask('source')
  const server = { ...source.server, password: { kind: 'environment', name: 'PW' } as const }
  const job = replicationJob({ source: { ...source, server } })
  const started = await launcher.launch({ job, role: 'source', ownerTerm: 1 }, () => undefined)
  expect((await started.exited).code).toBe(1)
})
