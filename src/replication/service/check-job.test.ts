import { expect, test } from 'vitest'
import { draftTask, jobDraft, replicationJob } from '../../../test/doubles/replication-jobs.ts'
import { type CheckFacts, checkJob } from './check-job.ts'
import type { JobDraft, ServerDraft } from './job-draft.ts'

const facts: CheckFacts = { stored: null, nameHolderId: null, isKnownNode: (id) => id === 'n1' || id === 'n2' }

function withServer(role: 'source' | 'target', change: Partial<ServerDraft>): Partial<JobDraft> {
  const task = draftTask(role)
  return { [role]: { ...task, server: { ...task.server, ...change } } }
}

function local(role: 'source' | 'target', host: string, nodeId: string | null): ReturnType<typeof draftTask> {
  const task = draftTask(role, { nodeId })
  return { ...task, server: { ...task.server, host } }
}

test.each<[string, Partial<JobDraft>, Partial<CheckFacts>, readonly string[]]>([
  ['a plain job', {}, {}, []],
  ['an empty name', { name: '  ' }, {}, ['name']],
  ['a name with a line break', { name: 'a\nb' }, {}, ['name']],
  ['a name of another job', {}, { nameHolderId: 'j9' }, ['name']],
  ['an id with a blank', { id: 'a b' }, {}, ['id']],
  ['an id of 65 characters', { id: 'x'.repeat(65) }, {}, ['id']],
  ['a node that never was', { source: draftTask('source', { nodeId: 'n3' }) }, {}, ['source.nodeId']],
  ['a known node', { source: draftTask('source', { nodeId: 'n1' }) }, {}, []],
  ['a MySQL GTID set', { source: draftTask('source', { gtid: '3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5' }) }, {}, []],
  ['a MariaDB position', { source: draftTask('source', { gtid: '0-1-270,1-7-12' }) }, {}, []],
  ['no GTID', { source: draftTask('source', { gtid: 'yesterday' }) }, {}, ['source.gtid']],
  ['a GTID set of nothing', { target: draftTask('target', { gtid: ',' }) }, {}, ['target.gtid']],
  ['no host', withServer('source', { host: '' }), {}, ['source.server.host']],
  ['a host with a user in it', withServer('source', { host: 'root@db' }), {}, ['source.server.host']],
  ['port 0', withServer('target', { port: 0 }), {}, ['target.server.port']],
  ['no user', withServer('target', { user: '' }), {}, ['target.server.user']],
  [
    'a password to keep, with none stored',
    withServer('target', { password: { kind: 'keep' } }),
    {},
    ['target.server.password'],
  ],
  [
    'a password to keep, with one stored',
    withServer('target', { password: { kind: 'keep' } }),
    { stored: replicationJob() },
    [],
  ],
  ...(['source', 'target'] as const).flatMap((role) =>
    [{ host: 'other.example' }, { port: 3307 }, { user: 'other' }, { host: 'other.example', user: 'other' }].map(
      (change): [string, Partial<JobDraft>, Partial<CheckFacts>, readonly string[]] => [
        `a password to keep at another ${Object.keys(change).join(' and ')} of the ${role}`,
        withServer(role, { ...change, password: { kind: 'keep' } }),
        { stored: replicationJob() },
        [`${role}.server.password`],
      ],
    ),
  ),
  ['another server with a password of its own', withServer('target', { host: 'b' }), { stored: replicationJob() }, []],
  ['65 workers', { source: draftTask('source', { parallelWorkers: 65 }) }, {}, ['source.parallelWorkers']],
  ['no buffer at all', { source: draftTask('source', { bufferedMessages: 0 }) }, {}, ['source.bufferedMessages']],
  [
    'patterns that cannot be used',
    {
      source: draftTask('source', {
        include: [
          { schema: '/(/', tables: [] },
          { schema: 'a', tables: ['b', '/(?=x)/'] },
        ],
      }),
    },
    {},
    ['source.include[0].schema', 'source.include[1].tables[1]'],
  ],
  [
    'names with blanks, backticks, hyphens and capitals',
    { source: draftTask('source', { include: [{ schema: 'My-Schema', tables: ['odd `name`', 'a*', '/^t\\d+$/'] }] }) },
    {},
    [],
  ],
  ['the same server twice', withServer('target', { host: 'SOURCE.example' }), {}, ['target.server']],
  ['the same host with another port', withServer('target', { host: 'source.example', port: 3307 }), {}, []],
  [
    'loopback twice, placed anywhere',
    { source: local('source', 'localhost', null), target: local('target', '::1', 'n2') },
    {},
    ['target.server'],
  ],
  [
    'loopback on two nodes',
    { source: local('source', '127.0.0.1', 'n1'), target: local('target', '127.0.0.1', 'n2') },
    {},
    [],
  ],
  [
    'two NATS for one stream',
    { source: draftTask('source', { natsAddress: 'a:1' }), target: draftTask('target', { natsAddress: 'b:1' }) },
    {},
    ['target.natsAddress'],
  ],
])('%s', (_name, change, around, fields) => {
  const issues = checkJob(jobDraft(change), { ...facts, ...around })
  expect(issues.map((issue) => issue.field)).toEqual(fields)
})

test('everything wrong is told at once', () => {
  const bad = jobDraft({ name: '', source: draftTask('source', { nodeId: 'x', gtid: 'y', parallelWorkers: 0 }) })
  expect(checkJob(bad, facts).map((issue) => issue.field)).toEqual([
    'name',
    'source.nodeId',
    'source.gtid',
    'source.parallelWorkers',
  ])
})

test('a password that is not kept for another server says what it is for, what has changed, and nothing of itself', () => {
  const moved = withServer('source', { host: 'other.example', port: 1, password: { kind: 'keep' } })
  expect(checkJob(jobDraft(moved), { ...facts, stored: replicationJob() })).toEqual([
    {
      field: 'source.server.password',
      value: null,
      message:
        'must be given again, the stored one is only for repl at source.example:3306: changed is the host, the port',
    },
  ])
})
