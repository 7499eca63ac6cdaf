/** The routes as their clients see them. */
import { describe, expect, test } from 'vitest'
import { clusterOf, taskReport } from '../../../test/doubles/replication-jobs.ts'
import { alpha, beta, example, exampleJob, planted, shownExample, udupAgent } from '../../../test/doubles/udup-agent.ts'

describe('jobs', () => {
  test("the document's example is stored and answered as it was sent, but for its passwords", async () => {
    const { call } = udupAgent()
    const created = await call('POST', '/v1/jobs', example)
    expect(created.status).toBe(200)
    expect(created.json).toMatchObject({ ...shownExample, Status: 'pending', CreatedAt: '2026-03-01T12:00:00Z' })
    expect(created.json).toMatchObject({ KnownLeader: true, LastContact: 0, Success: true, Index: expect.any(Number) })
    expect(created.json['ID']).toMatch(/^[0-9a-f-]{36}$/)
    expect(created.warning).toBe('')
    const listed = await call('GET', '/v1/jobs')
    expect(listed.list).toMatchObject([shownExample])
    expect(listed.list[0]).not.toHaveProperty('Index')
    for (const key of [created.json['ID'], 'exam-7-9'])
      expect((await call('GET', `/v1/job/${String(key)}`)).json).toEqual(listed.list[0])
  })

  test('no jobs are an empty array', async () => {
    expect((await udupAgent().call('GET', '/v1/jobs')).text).toBe('[]')
  })

  test('an answer sent back as it is changes nothing and warns of nothing', async () => {
    const { call, pass } = udupAgent()
    await call('POST', '/v1/jobs', example)
    await pass()
    const created = await call('POST', '/v1/jobs', example)
    for (const [method, url] of [
      ['POST', '/v1/jobs'],
      ['PUT', '/v1/job/exam-7-9'],
      ['POST', '/v1/job/exam-7-9'],
    ] as const) {
      const again = await call(method, url, created.json)
      expect([again.status, again.warning]).toEqual([200, ''])
      expect(again.json).toEqual(created.json)
    }
  })

  test('a job is updated by its name, and by the id or name in the path', async () => {
    const { call } = udupAgent()
    const { json } = await call('POST', '/v1/jobs', example)
    await call('POST', '/v1/jobs', exampleJob({ src: { ParallelWorkers: 8 } }))
    await call(
      'PUT',
      `/v1/job/${String(json['ID'])}`,
      exampleJob({ job: { Name: 'renamed' }, src: { ParallelWorkers: 9 } }),
    )
    const { list } = await call('GET', '/v1/jobs')
    expect(list).toMatchObject([{ ID: json['ID'], Name: 'renamed', Tasks: [{ Config: { ParallelWorkers: 9 } }, {}] }])
    expect((await call('PUT', '/v1/job/exam-7-9', example)).status).toBe(404)
  })

  test('another id in the body than in the path is refused', async () => {
    const { call } = udupAgent()
    await call('POST', '/v1/jobs', exampleJob({ job: { ID: 'j1' } }))
    const { status, text } = await call('PUT', '/v1/job/j1', exampleJob({ job: { ID: 'j2' } }))
    expect([status, text]).toEqual([422, expect.stringContaining('"field":"ID"')])
  })

  test('pause and resume answer the job as it then is, and repeat without harm', async () => {
    const { call, pass } = udupAgent()
    await call('POST', '/v1/jobs', exampleJob({ job: { ID: 'j1' } }))
    await pass()
    const paused = await call('POST', '/v1/job/j1/pause')
    expect(paused.json).toMatchObject({ ID: 'j1', Status: 'pause', Success: true, KnownLeader: true })
    expect((await call('POST', '/v1/job/j1/pause', 'not json at all')).json['Index']).toBe(paused.json['Index'])
    const resumed = await call('PUT', '/v1/job/exam-7-9/resume')
    expect(resumed.json).toMatchObject({ ID: 'j1', Status: 'pending', Success: true })
    expect((await call('POST', '/v1/job/j1/resume')).json['Index']).toBe(resumed.json['Index'])
  })

  test('a deleted job is answered once more, then it is unknown', async () => {
    const { call } = udupAgent()
    await call('POST', '/v1/jobs', exampleJob({ job: { ID: 'j1' } }))
    const deleted = await call('DELETE', '/v1/job/j1')
    expect(deleted.json).toMatchObject({ ID: 'j1', Status: 'dead', Success: true })
    expect(JSON.stringify(deleted.json['Tasks'])).toContain('********')
    for (const [method, url] of [
      ['GET', '/v1/job/j1'],
      ['DELETE', '/v1/job/j1'],
      ['POST', '/v1/job/j1/pause'],
      ['POST', '/v1/job/j1/resume'],
      ['GET', '/v1/job/j1/stats'],
      ['GET', '/v1/job/j1/allocations'],
      ['GET', '/v1/agent/allocation/j1-Src/stats'],
      ['GET', '/v1/agent/allocation/odd/stats'],
    ] as const)
      expect((await call(method, url)).status, `${method} ${url}`).toBe(404)
  })
})

test('fields that nobody reads are named in a Warning header, without their values', async () => {
  const { call } = udupAgent()
  const [source, target] = example.Tasks
  const unknown = exampleJob({
    job: {
      Region: planted,
      Tasks: [{ ...source, Config: { ...source?.Config, MaxRetries: 3, SqlFilter: planted } }, target],
    },
  })
  const { status, warning } = await call('POST', '/v1/jobs', unknown)
  expect(status).toBe(200)
  expect(warning).toContain('Region')
  expect(warning).toContain('Tasks[0].Config.MaxRetries')
  expect(warning).toContain('Tasks[0].Config.SqlFilter')
  expect(warning).not.toContain(planted)
})

test('an update that replicates something else warns of what is not copied, any other update does not', async () => {
  const { call } = udupAgent()
  await call('POST', '/v1/jobs', exampleJob())
  expect((await call('POST', '/v1/jobs', exampleJob({ src: { ParallelWorkers: 9 } }))).warning).toBe('')
  const wider = exampleJob({
    src: { ParallelWorkers: 9, ReplicateDoDb: [{ TableSchema: 'sbtest' }, { TableSchema: 'more' }] },
  })
  for (const [method, url, expected] of [
    ['POST', '/v1/jobs', 'is not copied once the copy has begun'],
    ['PUT', '/v1/job/exam-7-9', ''],
  ] as const) {
    const { status, warning } = await call(method, url, wider)
    expect([status, warning]).toEqual([200, expected === '' ? '' : expect.stringContaining(expected)])
  }
})

describe('progress', () => {
  test('both tasks are there before their first report, with zeros', async () => {
    const { call } = udupAgent()
    await call('POST', '/v1/jobs', exampleJob({ job: { ID: 'j1' } }))
    const { json } = await call('GET', '/v1/job/j1/stats')
    const zeros = {
      Stage: 'starting',
      RowsDone: 0,
      RowsTotal: 0,
      BytesDone: 0,
      BytesTotal: 0,
      RowsPerSecond: 0,
      BytesPerSecond: 0,
      TransactionsPerSecond: 0,
      TransactionsTotal: 0,
      LagMs: null,
      EtaMs: null,
      Strategy: null,
      DdlTotal: 0,
      QueuedBytes: 0,
      Tables: [],
      LastError: null,
    }
    expect(json).toMatchObject({ ID: 'j1', Name: 'exam-7-9', Status: 'pending' })
    expect(json['Tasks']).toMatchObject([
      { ...zeros, Type: 'Src' },
      { ...zeros, Type: 'Dest' },
    ])
  })

  test('figures, tables and the last error are answered while it runs', async () => {
    const { call, launcher, clock, pass } = udupAgent()
    await call('POST', '/v1/jobs', exampleJob({ job: { ID: 'j1' } }))
    await pass()
    launcher.running('source')[0]?.report(taskReport('source', { stage: 'full', transactionsTotal: 3 }))
    const copying = {
      schema: 's',
      table: 't',
      rowsDone: 5,
      rowsTotal: 20,
      bytesDone: 50,
      bytesTotal: 200,
      isDone: false,
    }
    const problem = { code: 'X', message: 'm', remedy: 'retry', at: clock.now() } as const
    launcher.running('target')[0]?.report(taskReport('target', { stage: 'full', problem }))
    await pass()
    expect((await call('GET', '/v1/job/j1')).json).toMatchObject({
      Status: 'pending',
      StatusDescription: expect.stringContaining('m'),
    })
    const figures = {
      tables: [copying],
      lagMs: 40,
      etaMs: 9_000,
      strategy: 'sql',
      rowsPerSecond: 5,
      position: '0-1-7',
      rowsTotal: 5,
    }
    launcher.running('target')[0]?.report(taskReport('target', { stage: 'full', ...figures }))
    await pass()
    const { json } = await call('GET', '/v1/job/j1/stats')
    expect(json['Status']).toBe('running')
    expect(json['Tasks']).toMatchObject([
      { Type: 'Src', NodeId: 'id-of-alpha', NodeName: 'alpha', Stage: 'full', TransactionsTotal: 3 },
      {
        Type: 'Dest',
        RowsDone: 5,
        RowsTotal: 20,
        BytesDone: 50,
        BytesTotal: 200,
        LagMs: 40,
        EtaMs: 9_000,
        Strategy: 'sql',
        Position: '0-1-7',
        Tables: [
          { TableSchema: 's', TableName: 't', RowsDone: 5, RowsTotal: 20, BytesDone: 50, BytesTotal: 200, Done: false },
        ],
        LastError: { Code: 'X', Message: 'm', Remedy: 'retry', At: '2026-03-01T12:00:00Z' },
        At: '2026-03-01T12:00:00Z',
      },
    ])
    const allocations = await call('GET', '/v1/job/j1/allocations')
    expect(allocations.list).toMatchObject([
      { ID: 'j1-Src', JobID: 'j1', NodeID: 'id-of-alpha', Task: 'Src', DesiredStatus: 'run', ClientStatus: 'running' },
      { ID: 'j1-Dest', Task: 'Dest' },
    ])
    expect((await call('GET', '/v1/agent/allocation/j1-Dest/stats')).json).toMatchObject({
      ID: 'j1-Dest',
      JobID: 'j1',
      Stage: 'full',
      ProgressPct: '25.0',
      ExecMasterRowCount: 5,
      ReadMasterRowCount: 0,
      ETA: '9s',
      CurrentCoordinates: { GtidSet: '0-1-7' },
    })
  })
})

describe('the cluster', () => {
  test('members are an array, the leader is one of them, in the shape of the Dkron document', async () => {
    const { call } = udupAgent()
    const members = await call('GET', '/v1/members')
    expect(members.list).toMatchObject([
      { Name: 'alpha', Addr: '127.0.0.1', Port: 8193, Status: 1 },
      { Name: 'beta', Status: 4 },
    ])
    expect((await call('GET', '/v1/leader')).json).toEqual(members.list[0])
  })

  test('without a leader it is 503, to be asked again', async () => {
    const { call } = udupAgent({ ...clusterOf(alpha), leader: () => null })
    expect((await call('GET', '/v1/leader')).status).toBe(503)
    expect((await call('POST', '/v1/jobs', example)).json).toMatchObject({ KnownLeader: false, Success: true })
  })

  test('leaving answers the members, this one as leaving', async () => {
    expect((await udupAgent().call('GET', '/v1/leave')).list).toMatchObject([
      { Name: 'alpha', Status: 2 },
      { Name: 'beta' },
    ])
  })

  test('nodes are listed with the ids that NodeId takes, and found by id and name', async () => {
    const { call } = udupAgent()
    const { list } = await call('GET', '/v1/nodes')
    expect(list).toEqual([
      {
        ID: 'id-of-alpha',
        Name: 'alpha',
        Datacenter: 'dc1',
        Status: 'ready',
        HTTPAddr: '127.0.0.1:8190',
        NatsAddr: '127.0.0.1:8193',
      },
      {
        ID: 'id-of-beta',
        Name: 'beta',
        Datacenter: 'dc1',
        Status: 'down',
        HTTPAddr: '[::2]:8190',
        NatsAddr: '[::2]:4222',
      },
    ])
    const spare = { ...beta, natsRole: 'spare' } as const
    const beside = await udupAgent(clusterOf(alpha, spare)).call('GET', '/v1/node/beta')
    // It runs no server of its own: what is shown answers.
    expect(beside.json).toMatchObject({ NatsAddr: '127.0.0.1:8193' })
    for (const key of ['id-of-beta', 'beta']) expect((await call('GET', `/v1/node/${key}`)).json).toEqual(list[1])
    expect((await call('GET', '/v1/node/gamma')).status).toBe(404)
  })

  test.each(['/v1', '/v1/'])('%s answers the status, all values texts', async (url) => {
    const { json } = await udupAgent().call('GET', url)
    expect(Object.keys(json)).toEqual(['agent', 'serf', 'tags'])
    const values = Object.values(json).flatMap((group) => Object.values(group as object))
    expect(values.every((value) => typeof value === 'string')).toBe(true)
  })

  test('an unknown path is 404 and a wrong method 405', async () => {
    const { call } = udupAgent()
    expect([(await call('GET', '/v1/nothing')).status, (await call('DELETE', '/v1/jobs')).status]).toEqual([404, 405])
  })

  test('pretty indents', async () => {
    expect((await udupAgent().call('GET', '/v1/leader?pretty=true')).text).toMatch(/^\{\n {2}"Name"/)
  })
})

test('under a prefix the same is there, wrong methods and unknown paths are told, and nothing else is', async () => {
  const { call } = udupAgent()
  expect((await call('POST', '/udup/v1/jobs', example)).status).toBe(200)
  expect((await call('GET', '/udup/v1/jobs')).json).toEqual((await call('GET', '/v1/jobs')).json)
  expect((await call('GET', '/udup/v1/job/exam-7-9')).json).toMatchObject(shownExample)
  const wrongMethod = await call('DELETE', '/udup/v1/jobs')
  expect([wrongMethod.status, wrongMethod.text]).toEqual([405, expect.stringContaining('only GET, HEAD, POST')])
  for (const path of ['/udup', '/udup/v2', '/udup/udup/v1']) expect((await call('GET', path)).status).toBe(404)
})
