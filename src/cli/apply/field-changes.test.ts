import { expect, test } from 'vitest'
import { replicationChanges, scheduledChanges } from './field-changes.ts'

const job = {
  name: 'a',
  schedule: '@daily',
  tags: { role: 'web', site: 'north' },
  retries: 0,
  success_count: 4,
  next: '2026-01-01T00:00:00Z',
  status: 'success',
}

test('fields of a scheduled job are compared one by one, those of maps too, and not what the server owns', () => {
  const changed = { ...job, retries: 2, tags: { role: 'db', rack: '1' }, success_count: 5, next: null, status: '' }
  expect(scheduledChanges(job, job, {})).toEqual([])
  expect(scheduledChanges(job, changed, {})).toEqual([
    { field: 'tags.role', before: 'web', after: 'db', isSecret: false },
    { field: 'tags.site', before: 'north', after: null, isSecret: false },
    { field: 'retries', before: 0, after: 2, isSecret: false },
    { field: 'tags.rack', before: null, after: '1', isSecret: false },
  ])
})

test('of a new scheduled job the fields are told that were given, whatever their case', () => {
  const changes = scheduledChanges(null, job, { name: 'A', Schedule: '@daily', tags: {}, next: 'x' })
  expect(changes.map(({ field, after }) => [field, after])).toEqual([
    ['schedule', '@daily'],
    ['tags.role', 'web'],
    ['tags.site', 'north'],
  ])
})

function replication(source: object = {}, connection: object = {}) {
  const server = { Host: 'h', Port: 1, User: 'u', Key: { Host: 'h', Port: 1 }, Password: '********', ...connection }
  const config = { Gtid: '', ParallelWorkers: 4, ReplicateDoDb: [{ TableSchema: 's' }], ConnectionConfig: server }
  return {
    ID: 'id',
    Name: 'a',
    Type: 'synchronous',
    Status: 'running',
    StatusDescription: '',
    CreatedAt: 'x',
    UpdatedAt: 'y',
    Tasks: [
      { Type: 'Src', NodeId: '', Config: { ...config, ...source } },
      { Type: 'Dest', NodeId: '', Config: config },
    ],
  }
}

test('fields of a replication job are named by task, filters are values, and a password is only said to change', () => {
  const changed = replication({ ParallelWorkers: 8, ReplicateDoDb: [{ TableSchema: 't' }] }, {})
  expect(replicationChanges(replication(), { ...replication(), Status: 'pause', UpdatedAt: 'z' }, [])).toEqual([])
  expect(replicationChanges(replication(), changed, ['Dest'])).toEqual([
    { field: 'Src.Config.ParallelWorkers', before: 4, after: 8, isSecret: false },
    {
      field: 'Src.Config.ReplicateDoDb',
      before: [{ TableSchema: 's' }],
      after: [{ TableSchema: 't' }],
      isSecret: false,
    },
    { field: 'Dest.Config.ConnectionConfig.Password', before: null, after: null, isSecret: true },
  ])
})

test('of a new replication job all that is not empty is told, and never a password', () => {
  const changes = replicationChanges(null, replication({}, { Password: 'pl4nted' }), [])
  expect(changes.map(({ field }) => field)).toEqual([
    'Type',
    'Src.Config.ParallelWorkers',
    'Src.Config.ReplicateDoDb',
    'Src.Config.ConnectionConfig.Host',
    'Src.Config.ConnectionConfig.Port',
    'Src.Config.ConnectionConfig.User',
    'Dest.Config.ParallelWorkers',
    'Dest.Config.ReplicateDoDb',
    'Dest.Config.ConnectionConfig.Host',
    'Dest.Config.ConnectionConfig.Port',
    'Dest.Config.ConnectionConfig.User',
    'Src.Config.ConnectionConfig.Password',
    'Dest.Config.ConnectionConfig.Password',
  ])
  expect(JSON.stringify(changes)).not.toContain('pl4nted')
})
