import { expect, test } from 'vitest'
import { type AppliedJob, appliedJson, appliedText } from './plan-text.ts'

const plain = { terminal: null }
const base = { kind: 'scheduled', place: 'f', warnings: [], body: {}, error: null } as const
const jobs: readonly AppliedJob[] = [
  {
    ...base,
    name: 'new',
    action: 'create',
    changes: [{ field: 'command', before: null, after: 'echo "\u001b[2J"', isSecret: false }],
  },
  {
    ...base,
    kind: 'replication',
    name: 'shop',
    action: 'change',
    changes: [
      { field: 'Src.NodeId', before: 'a', after: null, isSecret: false },
      { field: 'Src.Config.ConnectionConfig.Password', before: null, after: null, isSecret: true },
    ],
    warnings: ['not copied'],
  },
  { ...base, name: 'same', action: 'keep', changes: [] },
  { ...base, name: 'bad', action: 'create', changes: [], error: 'somebody was faster' },
]

test('each job is told with what differs, then the sum', () => {
  expect(appliedText(jobs, false, plain).split('\n')).toEqual([
    '+ scheduled job new created',
    '    command: "echo \\"\\u001b[2J\\""',
    '~ replication job shop changed',
    '    Src.NodeId: "a" -> (none)',
    '    Src.Config.ConnectionConfig.Password: changed, not shown',
    '    warning: not copied',
    '= scheduled job same unchanged',
    '! scheduled job bad failed: somebody was faster',
    '1 created, 1 changed, 1 unchanged, 1 failed',
  ])
})

test('a dry run says that nothing was written', () => {
  const text = appliedText(jobs.slice(0, 3), true, plain)
  expect(text).toContain('+ scheduled job new would be created')
  expect(text).toMatch(/\n3 jobs, dry run, nothing was written: 1 created, 1 changed, 1 unchanged$/)
})

test('as JSON a password is the mask on both sides', () => {
  const { jobs: told, ...counts } = JSON.parse(appliedJson(jobs, false))
  expect(counts).toEqual({ dry_run: false, created: 1, changed: 1, unchanged: 1, failed: 1 })
  expect(told[1]).toMatchObject({
    kind: 'replication',
    action: 'changed',
    changes: [{}, { field: 'Src.Config.ConnectionConfig.Password', before: '********', after: '********' }],
  })
  expect(told[3]).toMatchObject({ action: 'failed', error: 'somebody was faster' })
})
