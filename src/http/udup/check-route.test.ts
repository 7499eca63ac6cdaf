import { expect, test } from 'vitest'
import { example, exampleJob, planted, udupAgent } from '../../../test/doubles/udup-agent.ts'

test('a job that is not stored yet is shown as it would be, and not stored', async () => {
  const { call } = udupAgent()
  const { status, json, text } = await call('POST', '/v1/check/job', exampleJob({ job: { Colour: 'red' } }))
  expect([status, json['Exists'], json['Changed'], json['Stored']]).toEqual([200, false, true, null])
  expect(json).toMatchObject({ Job: { ID: '', Name: 'exam-7-9', Status: 'pending' }, Unknown: ['Colour'] })
  expect(text).not.toContain(planted)
  expect((await call('GET', '/v1/jobs')).list).toEqual([])
})

test('a stored job is told apart from the same one, one with another field, and one with another password', async () => {
  const { call } = udupAgent()
  const { json: stored } = await call('POST', '/v1/jobs', example)
  const check = async (body: unknown) => (await call('POST', '/v1/check/job', body)).json
  for (const same of [example, stored])
    expect(await check(same)).toMatchObject({ Exists: true, Changed: false, PasswordsChanged: [], Warnings: [] })
  const other = await check(exampleJob({ src: { ParallelWorkers: 9, ReplicateDoDb: [{ TableSchema: 'z' }] } }))
  expect(other).toMatchObject({
    Changed: true,
    PasswordsChanged: [],
    Warnings: [expect.stringContaining('not copied')],
  })
  const connection = { Key: { Host: 'h', Port: 1 }, User: 'u', Password: 'env:SECRET' }
  expect(await check(exampleJob({ dest: { ConnectionConfig: connection } }))).toMatchObject({
    Changed: true,
    PasswordsChanged: ['Dest'],
  })
})

test('everything that a save would refuse is refused', async () => {
  const { status, text } = await udupAgent().call(
    'POST',
    '/v1/check/job',
    exampleJob({ job: { Type: 'no', Naem: 'x' } }),
  )
  expect([status, text]).toEqual([422, expect.stringMatching(/"field":"Naem".*"field":"Type"/)])
})

test('a masked password for another host, port or user is refused by the check and by the save, and nothing is stored', async () => {
  const { call } = udupAgent()
  const { json: stored } = await call('POST', '/v1/jobs', example)
  const url = `/v1/job/${stored['ID']}`
  const own = { Host: '192.168.99.100', Port: 13307, User: 'root', Password: '********' }
  const field = 'Tasks[0].Config.ConnectionConfig.Password'
  for (const change of [{ Host: 'evil.example' }, { Port: 13308 }, { User: 'other' }]) {
    const moved = exampleJob({ src: { ConnectionConfig: { ...own, ...change } } })
    for (const path of ['/v1/check/job', '/v1/jobs', url]) {
      const { status, json, text } = await call('POST', path, moved)
      expect([status, json['errors']], path).toEqual([
        422,
        [{ field, value: null, message: expect.stringContaining('must be given again') }],
      ])
      expect(text).not.toContain(planted)
    }
  }
  expect((await call('GET', url)).json['Tasks']).toEqual(stored['Tasks'])
  const others = exampleJob({ src: { ConnectionConfig: own, ParallelWorkers: 9 } })
  expect((await call('POST', '/v1/check/job', others)).json).toMatchObject({ Changed: true, PasswordsChanged: [] })
  expect((await call('POST', url, others)).status).toBe(200)
})

test('what could not be read of a server says nothing about its masked password', async () => {
  const { call } = udupAgent()
  await call('POST', '/v1/jobs', example)
  const server = { Host: '192.168.99.100', Port: 'x', User: 'root', Password: '********' }
  const { json } = await call('POST', '/v1/check/job', exampleJob({ src: { ConnectionConfig: server } }))
  const named = (json['errors'] as readonly { readonly field: string }[]).map(({ field }) => field)
  expect(named).toEqual(['Tasks[0].Config.ConnectionConfig.Port'])
})
