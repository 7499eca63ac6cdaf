/** What cannot be taken: each with the fields at fault, and never a password. */
import { describe, expect, test } from 'vitest'
import { example, exampleJob, planted, udupAgent } from '../../../test/doubles/udup-agent.ts'

describe('what is wrong is named, and nothing is stored:', () => {
  const connection = { Host: 'h', Port: 1, User: 'u', Password: planted }
  const path = 'Tasks[0].Config'
  test.each<[string, unknown, readonly string[]]>([
    ['no name', exampleJob({ job: { Name: undefined } }), ['Name']],
    ['a name of another type', exampleJob({ job: { Name: 7 } }), ['Name']],
    ['an empty name', exampleJob({ job: { Name: ' ' } }), ['Name']],
    ['an id with a slash', exampleJob({ job: { ID: 'a/b' } }), ['ID']],
    ['no type', exampleJob({ job: { Type: undefined } }), ['Type']],
    ['an unknown type', exampleJob({ job: { Type: 'asynchronous' } }), ['Type']],
    ['type false', exampleJob({ job: { Type: false } }), ['Type']],
    ['no tasks', exampleJob({ job: { Tasks: undefined } }), ['Tasks']],
    ['an empty array of tasks', exampleJob({ job: { Tasks: [] } }), ['Tasks']],
    ['tasks that are no array', exampleJob({ job: { Tasks: { Password: planted } } }), ['Tasks']],
    ['two sources', exampleJob({ job: { Tasks: [example.Tasks[0], example.Tasks[0]] } }), ['Tasks']],
    ['three tasks', exampleJob({ job: { Tasks: [...example.Tasks, example.Tasks[1]] } }), ['Tasks']],
    ['only a source', exampleJob({ job: { Tasks: [example.Tasks[0]] } }), ['Tasks']],
    ['an unknown task type', exampleJob({ srcTask: { Type: 'Source' } }), ['Tasks[0].Type']],
    ['no driver', exampleJob({ srcTask: { Driver: undefined } }), ['Tasks[0].Driver']],
    ['another driver', exampleJob({ srcTask: { Driver: 'Oracle' } }), ['Tasks[0].Driver']],
    ['a node that never was', exampleJob({ srcTask: { NodeId: 'nowhere' } }), ['Tasks[0].NodeId']],
    ['no Config', { ...example, Tasks: [{ ...example.Tasks[0], Config: undefined }, example.Tasks[1]] }, [path]],
    ['no ConnectionConfig', exampleJob({ src: { ConnectionConfig: undefined } }), [`${path}.ConnectionConfig`]],
    [
      'a connection string',
      exampleJob({ src: { ConnectionConfig: `root:${planted}@tcp(h:1)` } }),
      [`${path}.ConnectionConfig`],
    ],
    [
      'an empty ConnectionConfig',
      exampleJob({ src: { ConnectionConfig: {} } }),
      ['Host', 'Port', 'User', 'Password'].map((name) => `${path}.ConnectionConfig.${name}`),
    ],
    [
      'port 0',
      exampleJob({ src: { ConnectionConfig: { ...connection, Port: 0 } } }),
      [`${path}.ConnectionConfig.Port`],
    ],
    [
      'port as words',
      exampleJob({ src: { ConnectionConfig: { ...connection, Port: 'high' } } }),
      [`${path}.ConnectionConfig.Port`],
    ],
    [
      'a nested port out of range',
      exampleJob({ src: { ConnectionConfig: { Key: { Host: 'h', Port: 70_000 }, User: 'u', Password: planted } } }),
      [`${path}.ConnectionConfig.Key.Port`],
    ],
    [
      'two hosts that differ',
      exampleJob({ src: { ConnectionConfig: { ...connection, Key: { Host: 'other', Port: 1 } } } }),
      [`${path}.ConnectionConfig.Host`],
    ],
    [
      'a Key that is none',
      exampleJob({ src: { ConnectionConfig: { ...connection, Key: `x:${planted}@h` } } }),
      [`${path}.ConnectionConfig.Key`],
    ],
    [
      'a host with account',
      exampleJob({ src: { ConnectionConfig: { ...connection, Host: `u:${planted}@h` } } }),
      [`${path}.ConnectionConfig.Host`],
    ],
    [
      'a password that is a number',
      exampleJob({ src: { ConnectionConfig: { ...connection, Password: 4711 } } }),
      [`${path}.ConnectionConfig.Password`],
    ],
    [
      'a mask with nothing behind',
      exampleJob({ src: { ConnectionConfig: { ...connection, Password: '********' } } }),
      [`${path}.ConnectionConfig.Password`],
    ],
    [
      'env without a name',
      exampleJob({ src: { ConnectionConfig: { ...connection, Password: 'env:' } } }),
      [`${path}.ConnectionConfig.Password`],
    ],
    [
      'file without a whole path',
      exampleJob({ src: { ConnectionConfig: { ...connection, Password: 'file:pw' } } }),
      [`${path}.ConnectionConfig.Password`],
    ],
    ['no GTID', exampleJob({ src: { Gtid: 'yesterday' } }), [`${path}.Gtid`]],
    ['a GTID of another type', exampleJob({ src: { Gtid: 5 } }), [`${path}.Gtid`]],
    ['no workers', exampleJob({ src: { ParallelWorkers: 0 } }), [`${path}.ParallelWorkers`]],
    ['65 workers', exampleJob({ dest: { ParallelWorkers: 65 } }), ['Tasks[1].Config.ParallelWorkers']],
    ['half a worker', exampleJob({ src: { ParallelWorkers: 1.5 } }), [`${path}.ParallelWorkers`]],
    ['no buffer', exampleJob({ src: { ReplChanBufferSize: 0 } }), [`${path}.ReplChanBufferSize`]],
    ['negative bytes', exampleJob({ src: { MsgBytesLimit: -1 } }), [`${path}.MsgBytesLimit`]],
    ['ReplicateDoDb as a text', exampleJob({ src: { ReplicateDoDb: 'a' } }), [`${path}.ReplicateDoDb`]],
    [
      'a schema without a name',
      exampleJob({ src: { ReplicateDoDb: [{ Tables: 'a' }] } }),
      [`${path}.ReplicateDoDb[0].TableSchema`],
    ],
    [
      'an empty schema',
      exampleJob({ src: { ReplicateDoDb: [{ TableSchema: '' }] } }),
      [`${path}.ReplicateDoDb[0].TableSchema`],
    ],
    [
      'a table without a name',
      exampleJob({ src: { ReplicateDoDb: [{ TableSchema: 'a', Tables: [{}] }] } }),
      [`${path}.ReplicateDoDb[0].Tables[0].TableName`],
    ],
    [
      'tables of mixed forms',
      exampleJob({ src: { ReplicateDoDb: [{ TableSchema: 'a', Tables: ['x', { TableName: 'y' }] }] } }),
      [`${path}.ReplicateDoDb[0].Tables[0]`],
    ],
    [
      'tables as a number',
      exampleJob({ src: { ReplicateDoDb: [{ TableSchema: 'a', Tables: 5 }] } }),
      [`${path}.ReplicateDoDb[0].Tables`],
    ],
    [
      'an expression that is none',
      exampleJob({ src: { ReplicateDoDb: [{ TableSchema: '/(/' }] } }),
      [`${path}.ReplicateDoDb[0].TableSchema`],
    ],
    [
      'the same in what is left out',
      exampleJob({ src: { ReplicateIgnoreDb: [{ TableSchema: 'a', Tables: ['/(/'] }] } }),
      [`${path}.ReplicateIgnoreDb[0].Tables[0]`],
    ],
    [
      'ApproveHeterogeneous as text',
      exampleJob({ dest: { ApproveHeterogeneous: 'yes' } }),
      ['Tasks[1].Config.ApproveHeterogeneous'],
    ],
    ['NATS with a password', exampleJob({ src: { NatsAddr: `nats://u:${planted}@n:1` } }), [`${path}.NatsAddr`]],
    ['NATS without a port', exampleJob({ src: { NatsAddr: 'n' } }), [`${path}.NatsAddr`]],
    ['two NATS', exampleJob({ src: { NatsAddr: 'a:1' }, dest: { NatsAddr: 'b:1' } }), ['Tasks[1].Config.NatsAddr']],
    [
      'one server twice',
      exampleJob({ dest: { ConnectionConfig: example.Tasks[0]?.Config.ConnectionConfig } }),
      ['Tasks[1].Config.ConnectionConfig'],
    ],
    [
      'much at once',
      exampleJob({
        job: { Name: '' },
        srcTask: { NodeId: 'x' },
        src: { Gtid: 'y', ParallelWorkers: 99 },
        dest: { ConnectionConfig: { ...connection, Port: 0 } },
      }),
      [
        'Tasks[0].Config.ParallelWorkers',
        'Tasks[1].Config.ConnectionConfig.Port',
        'Name',
        'Tasks[0].NodeId',
        'Tasks[0].Config.Gtid',
      ],
    ],
  ])('%s', async (_name, body, fields) => {
    const { call } = udupAgent()
    const { status, json, text } = await call('POST', '/v1/jobs', body)
    expect(status, text).toBe(422)
    const errors = json['errors'] as readonly { field: string; message: string }[]
    expect(errors.map((error) => error.field)).toEqual(fields)
    expect(text).not.toContain(planted)
    expect((await call('GET', '/v1/jobs')).list).toEqual([])
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['half a JSON', '{"Name": "x"'],
    ['an array', []],
    ['a text', '"x"'],
  ])('a body that is %s', async (_name, body) => {
    const { status, json } = await udupAgent().call('POST', '/v1/jobs', body)
    expect([status, json['code']]).toEqual([400, 'HTTP_MALFORMED_BODY'])
  })

  test('an update that is wrong leaves the job as it was', async () => {
    const { call } = udupAgent()
    await call('POST', '/v1/jobs', example)
    const before = (await call('GET', '/v1/jobs')).text
    expect((await call('PUT', '/v1/job/exam-7-9', exampleJob({ src: { ParallelWorkers: 99 } }))).status).toBe(422)
    expect((await call('GET', '/v1/jobs')).text).toBe(before)
  })

  test('a name that another job has', async () => {
    const { call } = udupAgent()
    await call('POST', '/v1/jobs', exampleJob({ job: { ID: 'j1' } }))
    const { status, text } = await call('POST', '/v1/jobs', exampleJob({ job: { ID: 'j2' } }))
    expect([status, text]).toEqual([422, expect.stringContaining('is the name of job j1')])
  })
})
