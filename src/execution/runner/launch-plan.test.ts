import { expect, test } from 'vitest'
import type { StartOrder } from '../../model/execution.ts'
import { planLaunch } from './launch-plan.ts'

const order: StartOrder = {
  jobName: 'j',
  group: '5',
  attempt: 2,
  scheduledAt: null,
  command: 'id -u',
  isShell: false,
  runAsUser: 'ann',
  concurrency: 'allow',
  timeLimitMs: null,
  startBeforeAt: null,
}
const ann = { name: 'ann', uid: 1001, gid: 1002, supplementaryGids: [] as number[], home: '/home/ann' }
const facts = {
  order,
  nodeName: 'n1',
  startedAt: 0,
  env: { PATH: '/bin', HOME: '/root' },
  ownUid: 0,
  user: ann,
  setpriv: '/usr/bin/setpriv',
}

test('a user without further groups is changed to by spawn itself', () => {
  const identity = { uid: 1001, gid: 1002 }
  const env = { HOME: '/home/ann', USER: 'ann', LOGNAME: 'ann', MILLRACE_EXECUTION: '5-2-n1', MILLRACE_JOB: 'j' }
  expect(planLaunch(facts)).toMatchObject({ file: 'id', args: ['-u'], identity, outputOwner: identity, env })
})

test('a run-now has its start as its fire', () => {
  expect(planLaunch(facts)).toMatchObject({ env: { MILLRACE_FIRE: '1970-01-01T00:00:00.000Z' } })
})

test('a command that begins with a dash is no option of the shell', () => {
  const shell = (command: string) => planLaunch({ ...facts, order: { ...order, command, isShell: true } })
  expect(shell('-x')).toMatchObject({ args: ['-c', '--', '-x'] })
  expect(shell('echo -x')).toMatchObject({ args: ['-c', 'echo -x'] })
})

test('further groups take setpriv, which execs the command', () => {
  const user = { ...ann, supplementaryGids: [27, 998] }
  const args = ['--reuid=1001', '--regid=1002', '--groups=1002,27,998', '--', 'id', '-u']
  const plan = planLaunch({ ...facts, user })
  expect(plan).toMatchObject({ file: '/usr/bin/setpriv', args, identity: null, outputOwner: { uid: 1001, gid: 1002 } })
})

test.each([
  ['further groups and no setpriv', { user: { ...ann, supplementaryGids: [27] }, setpriv: null }, 'setpriv'],
  ['not root', { ownUid: 5 }, 'only an agent that runs as root'],
  ['nobody of that name', { user: null }, "there is no user 'ann'"],
  ['no words', { order: { ...order, command: '""' } }, 'empty program name'],
] as const)('%s makes it impossible, with the reason', (_name, change, reason) => {
  const plan = planLaunch({ ...facts, ...change })
  expect(plan.kind === 'impossible' ? plan.reason : plan.kind).toContain(reason)
})

test('the agent’s own user needs no rights', () => {
  expect(planLaunch({ ...facts, ownUid: 1001 })).toMatchObject({ kind: 'launch', identity: null, outputOwner: null })
})
