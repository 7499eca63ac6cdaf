import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { CopyRefusedError } from './errors.ts'
import { Interrupts } from './interrupts.ts'
import type { CopyComparison, CopyEngine, CopyLook, CopyPlan, CopyRun } from './ports.ts'
import { type CopyWishes, lookOnly, runCopy } from './run-copy.ts'

const server = { host: 'db1', port: 1, user: 'u', password: 'hidden' }
const plan: CopyPlan = {
  from: server,
  to: { ...server, port: 2 },
  include: [],
  exclude: [],
  dropsTables: false,
  threads: 1,
}
const side = { where: 'db1:1', vendor: 'mysql', version: '9', failure: null, findings: [] } as const
const table = { schema: 's', name: 't', kind: 'table', rows: 1, bytes: 1, hasKey: true, rowsAtTarget: null } as const
const look: CopyLook = { from: side, to: side, tables: [table], hasAllTables: true }
const equal: CopyComparison = { tables: [], isEqual: true, durationMs: 1 }
const once: CopyWishes = { follows: false, compares: true, workDir: null, isJson: false }

/** Plays the copy's part; the rules are in what the command does with it. */
function stage(more: Partial<CopyRun> & { readonly look?: CopyLook } = {}) {
  const stops: boolean[] = []
  const run: CopyRun = {
    isResumed: false,
    start: async () => undefined,
    failed: new Promise(() => {}),
    caughtUp: async () => undefined,
    compare: async () => equal,
    stop: async (isOver) => {
      stops.push(isOver)
      return { position: 'p:1', leftovers: '' }
    },
    ...more,
  }
  const engine: CopyEngine = { look: async () => more.look ?? look, open: async () => run }
  const printed: string[] = []
  const print = (text: string) => printed.push(text)
  const signals = new EventEmitter()
  const interrupts = new Interrupts(signals, () => print('left at once'))
  const screen = { print, printError: print, write: print, terminal: null }
  return { tools: { engine, screen, interrupts }, signals, stops, text: () => printed.join('\n') }
}

const never = () => new Promise<never>(() => {})

test('a copy that is made and equal ends with 0 and is forgotten', async () => {
  const { tools, stops, text } = stage()
  expect(await runCopy(plan, once, tools)).toEqual({ text: '', exitStatus: 0 })
  expect(stops).toEqual([true])
  expect(text()).toMatch(/copied 0 rows .*\n.*equal: 0 tables.*\ndone$/s)
})

test('differences end with 3', async () => {
  const { tools } = stage({ compare: async () => ({ ...equal, isEqual: false }) })
  expect(await runCopy(plan, once, tools)).toMatchObject({ exitStatus: 3 })
})

test('what is missing is told before anything starts', async () => {
  const started: string[] = []
  const { tools, stops } = stage({
    look: { ...look, tables: [] },
    start: async () => {
      started.push('copy')
    },
  })
  await expect(runCopy(plan, once, tools)).rejects.toThrow(CopyRefusedError)
  expect(started).toEqual([])
  expect(stops).toEqual([false])
})

test('flags that choose nothing are a wrong call; with something else missing too, that is told', async () => {
  const chosen = { ...plan, include: [{ schema: 'shpo', tables: [] }] }
  const empty = { ...look, tables: [] }
  await expect(runCopy(chosen, once, stage({ look: empty }).tools)).rejects.toMatchObject({
    code: 'COPY_SCOPE',
    remedy: 'fix-request',
    message: 'db1:1 has no table of what is to be copied; check --schemas, --tables and --exclude',
  })
  const finding = { severity: 'error', text: 'lacks', advice: 'grant', cureSql: null, cureConfig: null } as const
  const { tools } = stage({ look: { ...empty, from: { ...side, findings: [finding] } } })
  await expect(runCopy(chosen, once, tools)).rejects.toThrow(CopyRefusedError)
})

test('Ctrl-C before the copy is complete stops it and ends with 130', async () => {
  const { tools, signals, stops, text } = stage({ caughtUp: never })
  const running = runCopy(plan, once, tools)
  setImmediate(() => signals.emit('SIGINT'))
  expect(await running).toEqual({ text: '', exitStatus: 130 })
  expect(stops).toEqual([false])
  expect(text()).toMatch(/stopped with everything up to p:1 .*--drop-if-exists.*--work-dir/)
})

test('with a work directory it is said how to go on', async () => {
  const { tools, signals, text } = stage({ caughtUp: never })
  const running = runCopy(plan, { ...once, workDir: 'w' }, tools)
  setImmediate(() => signals.emit('SIGTERM'))
  expect(await running).toMatchObject({ exitStatus: 143 })
  expect(text()).toMatch(/repeat the command with --work-dir w to go on from there$/)
})

test('what fails ends the copy with its own error', async () => {
  const { tools, stops } = stage({ caughtUp: never, failed: Promise.reject(new Error('disk full')) })
  await expect(runCopy(plan, once, tools)).rejects.toThrow('disk full')
  expect(stops).toEqual([false])
})

test('following ends with 0 at the first Ctrl-C, and compares before only when told', async () => {
  let compared = 0
  const compare = async () => {
    compared += 1
    return equal
  }
  for (const compares of [false, true]) {
    const { tools, signals, text } = stage({ compare })
    const running = runCopy(plan, { ...once, follows: true, compares }, tools)
    setTimeout(() => signals.emit('SIGINT'), 20)
    expect(await running).toMatchObject({ exitStatus: 0 })
    expect(text()).toMatch(/follows the changes.*stopped with everything up to p:1/s)
  }
  expect(compared).toBe(2)
})

test('a second Ctrl-C leaves the last comparison out, a third one does not wait at all', async () => {
  let calls = 0
  const compare = () => (calls++ === 0 ? Promise.resolve(equal) : never())
  const { tools, signals, text } = stage({ compare })
  const running = runCopy(plan, { ...once, follows: true }, tools)
  setTimeout(() => signals.emit('SIGINT'), 20)
  setTimeout(() => signals.emit('SIGINT'), 40)
  expect(await running).toMatchObject({ exitStatus: 0 })
  signals.emit('SIGINT')
  expect(text()).toMatch(/compares once more.*stopped with.*left at once/s)
})

test('a dry run tells what is missing with 3, an unreachable server with 1, and no password', async () => {
  expect(await lookOnly(plan, false, stage().tools)).toMatchObject({ exitStatus: 0 })
  expect(await lookOnly(plan, false, stage({ look: { ...look, tables: [] } }).tools)).toMatchObject({ exitStatus: 3 })
  const away = { ...look, to: { ...side, failure: 'away' } }
  expect(await lookOnly(plan, true, stage({ look: away }).tools)).toEqual({
    text: expect.not.stringContaining('hidden'),
    exitStatus: 1,
  })
})
