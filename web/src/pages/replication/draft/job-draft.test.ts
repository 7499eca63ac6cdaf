import { expect, test } from 'vitest'
import { passwordMask, type WireJob } from '../wire.ts'
import { draftOf, type JobDraft, newDraft } from './job-draft.ts'
import { jobOf, shownJob, wirePassword } from './job-json.ts'
import { everything, nothing, withSchema } from './scope.ts'

const filled: JobDraft = {
  ...newDraft,
  name: ' shop ',
  source: { ...newDraft.source, server: server('db1', 'secret-1') },
  target: { ...newDraft.target, server: server('db2', 'secret-2'), nodeId: 'n2' },
  scope: withSchema(nothing, 'shop', true),
}

function server(host: string, password: string): JobDraft['source']['server'] {
  return { host, port: '3306', user: 'millrace', passwordKind: 'typed', password, storedFor: null }
}

const stored: WireJob = {
  ID: 'j1',
  Name: 'shop',
  Type: 'migration',
  Status: 'running',
  StatusDescription: '',
  CreatedAt: '2026-01-01T00:00:00Z',
  UpdatedAt: '2026-01-01T00:00:00Z',
  Tasks: [
    {
      Type: 'Src',
      NodeId: '',
      Driver: 'MySQL',
      Config: {
        Gtid: '0-1-5',
        NatsAddr: '10.0.0.1:8193',
        ParallelWorkers: 8,
        ReplChanBufferSize: 100,
        MsgBytesLimit: 1024,
        ReplicateDoDb: [{ TableSchema: 'shop', Tables: [{ TableName: 'orders' }] }],
        ReplicateIgnoreDb: [],
        ConnectionConfig: {
          Host: 'db1',
          Port: 3306,
          User: 'u',
          Key: { Host: 'db1', Port: 3306 },
          Password: passwordMask,
        },
        ...{ AddedLater: { keep: 'me' } },
      },
    },
    {
      Type: 'Dest',
      NodeId: 'n2',
      Driver: 'MySQL',
      Config: {
        NatsAddr: '10.0.0.1:8193',
        DropTableIfExists: true,
        ConnectionConfig: { Host: 'db2', Port: 3307, User: 'u', Password: passwordMask },
      },
    },
  ],
}

test('a new job is posted with what the steps asked for', () => {
  expect(jobOf(filled)).toMatchObject({
    Name: 'shop',
    Type: 'synchronous',
    Tasks: [
      {
        Type: 'Src',
        Config: {
          Gtid: '',
          ParallelWorkers: 4,
          ReplicateDoDb: [{ TableSchema: 'shop' }],
          ConnectionConfig: { Host: 'db1', Port: 3306, User: 'millrace', Password: 'secret-1' },
        },
      },
      { Type: 'Dest', NodeId: 'n2', Config: { DropTableIfExists: false, SkipCreateDbTable: false } },
    ],
  })
  expect(jobOf(filled)).not.toHaveProperty('ID')
  expect(jobOf(filled).Tasks[0]).not.toHaveProperty('NodeId')
})

test('a stored job becomes a draft and the same job again, with what the form does not know', () => {
  const draft = draftOf(stored, ['10.0.0.1:8193'])
  expect(draft).toMatchObject({ id: 'j1', kind: 'migration', gtid: '0-1-5', natsAddress: '', existing: 'drop' })
  const again = jobOf(draft)
  expect(again.Tasks[0]?.Config).toMatchObject({ AddedLater: { keep: 'me' }, MsgBytesLimit: 1024, ParallelWorkers: 8 })
  expect(again.Tasks[0]?.Config).not.toHaveProperty('NatsAddr')
  expect(again.Tasks[1]?.Config).toMatchObject({ DropTableIfExists: true, ConnectionConfig: { Port: 3307 } })
  expect(again).toMatchObject({ ID: 'j1', Name: 'shop', Type: 'migration' })
})

test('an edit sends the mask for a password that nobody typed, and the new one otherwise', () => {
  const draft = draftOf(stored, [])
  expect(jobOf(draft).Tasks.map((task) => task.Config.ConnectionConfig.Password)).toEqual([passwordMask, passwordMask])
  const target = {
    ...draft.target,
    server: { ...draft.target.server, passwordKind: 'typed', password: 'new' },
  } as const
  expect(jobOf({ ...draft, target }).Tasks[1]?.Config.ConnectionConfig.Password).toBe('new')
})

test('the address of another NATS is kept and sent for both tasks', () => {
  const draft = draftOf(stored, ['127.0.0.1:8193'])
  expect(draft.natsAddress).toBe('10.0.0.1:8193')
  expect(jobOf(draft).Tasks.map((task) => task.Config.NatsAddr)).toEqual(['10.0.0.1:8193', '10.0.0.1:8193'])
})

test('everything is an empty ReplicateDoDb, and back', () => {
  const job = jobOf({ ...filled, scope: everything })
  expect(job.Tasks[0]?.Config.ReplicateDoDb).toEqual([])
  expect(draftOf({ ...stored, Tasks: job.Tasks }, []).scope).toEqual(everything)
})

test('what is shown of a job never has a typed password', () => {
  const source = { ...filled.source, server: { ...server('db1', 'DB_PASSWORD'), passwordKind: 'environment' } } as const
  const shown = shownJob(jobOf({ ...filled, source }))
  expect(JSON.stringify(shown)).not.toContain('secret-2')
  expect(shown.Tasks[0]?.Config.ConnectionConfig.Password).toBe('env:DB_PASSWORD')
})

test.each([
  ['kept', '', passwordMask],
  ['typed', ' with blanks ', ' with blanks '],
  ['environment', ' DB_PASSWORD ', 'env:DB_PASSWORD'],
  ['file', '/run/secrets/db', 'file:/run/secrets/db'],
] as const)('a password %s', (passwordKind, password, expected) => {
  expect(wirePassword({ ...server('h', password), passwordKind })).toBe(expected)
})
