/** Everything that clients of the original send, in all its spellings. */
import { describe, expect, test } from 'vitest'
import {
  type ConfigJson,
  exampleJob,
  masked,
  planted,
  savedConfig,
  type TaskJson,
  udupAgent,
} from '../../../test/doubles/udup-agent.ts'

describe('every accepted form', () => {
  const flat = { Host: '192.168.99.100', Port: 13307, User: 'root', Password: planted }
  test.each<[string, ConfigJson]>([
    ['key', { Key: { Host: flat.Host, Port: flat.Port }, User: 'root', Password: planted }],
    ['flat', flat],
    ['flat in lower case', { host: flat.Host, port: flat.Port, user: 'root', password: planted }],
    ['flat in upper case', { HOST: flat.Host, PORT: '13307', USER: 'root', PASSWORD: planted }],
    ['port as text', { ...flat, Port: '13307' }],
    ['both, agreeing', { ...flat, Key: { Host: flat.Host, Port: '13307' } }],
  ])('of a ConnectionConfig: %s', async (_name, connection) => {
    const config = await savedConfig(udupAgent().call, { src: { ConnectionConfig: connection } })
    expect(config['ConnectionConfig']).toEqual({
      Host: flat.Host,
      Port: 13307,
      Key: { Host: flat.Host, Port: 13307 },
      ...masked,
    })
  })

  test.each<[string, unknown, unknown]>([
    ['whole schemas', [{ TableSchema: 'a' }], [{ TableSchema: 'a' }]],
    ['an empty list', [], []],
    ['nothing', null, []],
    [
      'objects',
      [{ TableSchema: 'a', Tables: [{ TableName: 'B-c' }] }],
      [{ TableSchema: 'a', Tables: [{ TableName: 'B-c' }] }],
    ],
    [
      'texts',
      [{ TableSchema: 'a', Tables: ['b', ' c'] }],
      [{ TableSchema: 'a', Tables: [{ TableName: 'b' }, { TableName: ' c' }] }],
    ],
    [
      'a list with commas',
      [{ TableSchema: 'a', Tables: 'b, c*' }],
      [{ TableSchema: 'a', Tables: [{ TableName: 'b' }, { TableName: 'c*' }] }],
    ],
    ['no tables named', [{ TableSchema: 'a', Tables: [] }], [{ TableSchema: 'a' }]],
    ['an empty text', [{ TableSchema: 'a', Tables: '' }], [{ TableSchema: 'a' }]],
  ])('of ReplicateDoDb: %s', async (_name, given, shown) => {
    const config = await savedConfig(udupAgent().call, { src: { ReplicateDoDb: given } })
    expect(config['ReplicateDoDb']).toEqual(shown)
  })

  test.each<[unknown, string]>([
    ['synchronous', 'synchronous'],
    ['Synchronous', 'synchronous'],
    [true, 'synchronous'],
    ['migration', 'migration'],
  ])('of Type: %j', async (given, shown) => {
    const { json } = await udupAgent().call('POST', '/v1/jobs', exampleJob({ job: { Type: given } }))
    expect(json['Type']).toBe(shown)
  })

  test.each(['SRC', 'src', 'Src'])('of a task Type: %s', async (type) => {
    expect(
      (await udupAgent().call('POST', '/v1/jobs', exampleJob({ srcTask: { Type: type, Driver: 'mysql' } }))).status,
    ).toBe(200)
  })

  test.each<[string, unknown, string]>([
    ['absent', undefined, '127.0.0.1:8193'],
    ['empty', '', '127.0.0.1:8193'],
    ["the cluster's own by another name", 'nats://localhost:8193', '127.0.0.1:8193'],
    ["another member's", '[::2]:4222', '127.0.0.1:8193'],
    ['that of another server of the cluster', '10.0.0.7:8193', '127.0.0.1:8193'],
    ['another NATS', 'nats.example:4222', 'nats.example:4222'],
  ])('of NatsAddr: %s', async (_name, given, shown) => {
    const config = await savedConfig(udupAgent().call, { src: { NatsAddr: given }, dest: { NatsAddr: given } })
    expect(config['NatsAddr']).toBe(shown)
  })

  test('a NATS given for one task alone holds for both', async () => {
    const { json } = await udupAgent().call(
      'POST',
      '/v1/jobs',
      exampleJob({ src: { NatsAddr: 'n.example:1' }, dest: { NatsAddr: '' } }),
    )
    expect((json['Tasks'] as readonly TaskJson[]).map((task) => task.Config['NatsAddr'])).toEqual([
      'n.example:1',
      'n.example:1',
    ])
  })

  test('the fields of its successors round-trip, what is left out gets its default', async () => {
    const { call } = udupAgent()
    const given = { ApproveHeterogeneous: true, DropTableIfExists: true, SkipCreateDbTable: true }
    const ignored = [{ TableSchema: 'a', Tables: [{ TableName: 'b' }] }]
    const config = await savedConfig(call, { src: { ...given, ReplicateIgnoreDb: ignored, MsgBytesLimit: undefined } })
    expect(config).toMatchObject({ ...given, ReplicateIgnoreDb: ignored, MsgBytesLimit: 262_144 })
  })

  test.each(['env:SOURCE_PW', 'file:/run/secrets/pw'])('of a password: %s, which is masked too', async (password) => {
    const { call } = udupAgent()
    const { text, status } = await call(
      'POST',
      '/v1/jobs',
      exampleJob({ src: { ConnectionConfig: { ...flat, Password: password } } }),
    )
    expect([status, text.includes(password)]).toEqual([200, false])
  })

  test('a GTID set and a MariaDB position come back as they were', async () => {
    for (const gtid of ['3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77', '0-1-270'])
      expect((await savedConfig(udupAgent().call, { src: { Gtid: gtid } }))['Gtid']).toBe(gtid)
  })
})
