/** What goes wrong at servers and in jobs: each has its own words, names the object and the cure, and heals when cured. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../harness/eventually.ts'
import { connectionOf, ReplicationPair } from '../../harness/replication-pair.ts'

async function makeTable(pair: ReplicationPair): Promise<void> {
  await pair.source.query(
    'CREATE DATABASE app; CREATE TABLE app.t (a INT PRIMARY KEY, b VARCHAR(10)) ENGINE=InnoDB; INSERT INTO app.t VALUES (1, "x")',
  )
}

// What waits for a task's long pause after a mistake waits beside the others.
describe('a replication job tells what is wrong and heals when it is cured:', () => {
  test.concurrent('a wrong password', async () => {
    await using pair = await ReplicationPair.start('mysql-9.7')
    await makeTable(pair)
    await pair.source.query(`CREATE USER 'repl'@'%' IDENTIFIED BY 'right'; GRANT ALL ON *.* TO 'repl'@'%'`)
    const connection = { ...connectionOf(pair.source), User: 'repl', Password: 'wrong-planted-7351' }
    const { ID: id } = await pair.create(pair.jobOf('app', { source: { ConnectionConfig: connection } }))
    const job = await pair.whenStatus(id, 'dead', /repl/)
    expect(job.StatusDescription).toContain(String(pair.source.port))
    expect(JSON.stringify(job)).not.toContain('wrong-planted-7351')
    await pair.source.query(`ALTER USER 'repl'@'%' IDENTIFIED BY 'wrong-planted-7351'`)
    await pair.whenStreaming(id, 90_000)
    await pair.whenEqual('app', 1)
  })

  test('a missing privilege, with the statement that grants it', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11')
    await makeTable(pair)
    await pair.source.query(`CREATE USER 'weak'@'%' IDENTIFIED BY 'pw'; GRANT SELECT ON app.* TO 'weak'@'%'`)
    const { ID: id } = await pair.create(
      pair.jobOf('app', {
        source: { ConnectionConfig: { ...connectionOf(pair.source), User: 'weak', Password: 'pw' } },
      }),
    )
    await pair.whenStatus(id, 'dead', /GRANT .*REPLICATION/)
  })

  test.concurrent('a binlog_format that is not ROW', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11', { sourceArgs: ['--binlog-format=STATEMENT'] })
    await makeTable(pair)
    const { ID: id } = await pair.create(pair.jobOf('app'))
    await pair.whenStatus(id, 'dead', /binlog_format/)
    await pair.source.query(`SET GLOBAL binlog_format = 'ROW'`)
    await pair.whenStreaming(id, 90_000)
  })

  test('a binlog that was purged while the job was paused', async () => {
    await using pair = await ReplicationPair.start('mysql-9.7')
    await makeTable(pair)
    const { ID: id } = await pair.create(pair.jobOf('app'))
    await pair.whenStreaming(id)
    await pair.agent.udup('POST', `/v1/job/${id}/pause`)
    await pair.source.query(
      'INSERT INTO app.t VALUES (2, "y"); FLUSH BINARY LOGS; INSERT INTO app.t VALUES (3, "z"); FLUSH BINARY LOGS',
    )
    const logs = await pair.source.query('SHOW BINARY LOGS')
    // The dump connection must have gone before the server lets its log go.
    await eventually(() => pair.source.query(`PURGE BINARY LOGS TO '${String(logs.at(-1)?.Log_name)}'`), 10_000)
    await pair.agent.udup('POST', `/v1/job/${id}/resume`)
    await pair.whenStatus(id, 'dead', /purge/i)
  })

  test.concurrent('a target table that differs, before the first row', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11')
    await makeTable(pair)
    await pair.target.query('CREATE DATABASE app; CREATE TABLE app.t (a INT PRIMARY KEY, c DATETIME)')
    const { ID: id } = await pair.create(pair.jobOf('app'))
    await pair.whenStatus(id, 'dead', /app.*t/)
    const [row] = await pair.target.query('SELECT COUNT(*) AS n FROM app.t')
    expect(Number(row?.n)).toBe(0)
    await pair.target.query('DROP TABLE app.t')
    await pair.whenStreaming(id, 90_000)
    await pair.whenEqual('app', 1)
  })

  test('a target table that holds rows, unless it may be dropped', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11')
    await makeTable(pair)
    await pair.target.query(
      'CREATE DATABASE app; CREATE TABLE app.t (a INT PRIMARY KEY, b VARCHAR(10)) ENGINE=InnoDB; INSERT INTO app.t VALUES (77, "old")',
    )
    const { ID: id } = await pair.create(pair.jobOf('app'))
    await pair.whenStatus(id, 'dead', /DropTableIfExists/)
    expect((await pair.agent.udup('DELETE', `/v1/job/${id}`)).status).toBe(200)
    const { ID: second } = await pair.create(pair.jobOf('app', { target: { DropTableIfExists: true } }))
    await pair.whenStreaming(second)
    await pair.whenEqual('app', 1)
  })

  test('a server that is down at the start, and one that dies in the middle', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11')
    await makeTable(pair)
    await pair.target.kill()
    const { ID: id } = await pair.create(pair.jobOf('app'))
    await pair.whenStatus(id, 'pending', new RegExp(String(pair.target.port)))
    await pair.target.start()
    await pair.whenStreaming(id)
    await pair.source.kill()
    await pair.whenStatus(id, '(pending|running)', new RegExp(String(pair.source.port)))
    await pair.source.start()
    await pair.source.query('INSERT INTO app.t VALUES (5, "back")')
    await pair.whenEqual('app', 1)
    await pair.whenStreaming(id)
  })

  test.concurrent('a row that is not as it should be on the target', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11')
    await makeTable(pair)
    const { ID: id } = await pair.create(pair.jobOf('app', { target: { ApproveHeterogeneous: true } }))
    await pair.whenStreaming(id)
    await pair.target.query('DELETE FROM app.t')
    await pair.source.query(`UPDATE app.t SET b = 'new' WHERE a = 1`)
    await pair.whenStatus(id, 'dead', /app.*t/)
    await pair.target.query(`INSERT INTO app.t VALUES (1, 'x')`)
    await pair.whenStreaming(id, 90_000)
    await pair.whenEqual('app', 1)
  })
})

describe('a job that is not valid', () => {
  test('is refused with every field named, and nothing is stored', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11')
    const cases: readonly (readonly [unknown, string])[] = [
      [{ Type: 'synchronous', Tasks: [] }, 'Name'],
      [{ ...pair.jobOf('x'), Type: 'sometimes' }, 'Type'],
      [{ ...pair.jobOf('x'), Tasks: [] }, 'Tasks'],
      [pair.jobOf('x', { source: { Gtid: 'not a gtid' } }), 'Tasks[0].Config.Gtid'],
      [pair.jobOf('x', { source: { ParallelWorkers: 65 } }), 'Tasks[0].Config.ParallelWorkers'],
      [
        pair.jobOf('x', { source: { ConnectionConfig: { Host: 'h', Port: 0, User: 'u', Password: 'planted-9922' } } }),
        'Tasks[0].Config.ConnectionConfig',
      ],
      [pair.jobOf('x', { target: { ConnectionConfig: {} } }), 'Tasks[1].Config.ConnectionConfig'],
      [pair.jobOf('x', { source: { ReplicateDoDb: [{ TableSchema: '/(/' }] } }), 'Tasks[0].Config.ReplicateDoDb'],
    ]
    for (const [body, field] of cases) {
      const answer = await pair.agent.udup('POST', '/v1/jobs', body)
      expect(answer.status, answer.text).toBe(422)
      expect(
        (answer.json as { errors: readonly { field: string }[] }).errors.map((error) => error.field).join(' '),
        answer.text,
      ).toContain(field)
      expect(answer.text).not.toContain('planted-9922')
    }
    expect((await pair.agent.udup('GET', '/v1/jobs')).json).toEqual([])
    expect((await pair.agent.udup('GET', '/v1/job/nope')).status).toBe(404)
    expect((await pair.agent.udup('DELETE', '/v1/job/nope')).status).toBe(404)
    expect((await pair.agent.udup('POST', '/v1/jobs', '{"Name": ')).status).toBe(400)
  })
})

describe('a password', () => {
  test('is nowhere to be read: store, streams, logs, process arguments and answers', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11', { agentArgs: ['--log-level', 'debug'] })
    await makeTable(pair)
    const planted = 'Planted-Secret-4711!'
    for (const server of [pair.source, pair.target])
      await server.query(`CREATE USER 'planted'@'%' IDENTIFIED BY '${planted}'; GRANT ALL ON *.* TO 'planted'@'%'`)
    const as = (server: typeof pair.source) => ({
      ConnectionConfig: { ...connectionOf(server), User: 'planted', Password: planted },
    })
    const created = await pair.agent.udup(
      'POST',
      '/v1/jobs',
      pair.jobOf('app', { source: as(pair.source), target: as(pair.target) }),
    )
    const { ID: id } = created.json as { ID: string }
    await pair.whenStreaming(id)
    const answers = [created.text]
    for (const path of ['/v1/jobs', `/v1/job/${id}`, `/v1/job/${id}/stats`, `/v1/job/${id}/allocations`, '/v1/nodes'])
      answers.push((await pair.agent.udup('GET', path)).text)
    // An update that carries the masked password keeps the stored one.
    const shown = (await pair.agent.udup('GET', `/v1/job/${id}`)).json
    const updated = await pair.agent.udup('PUT', `/v1/job/${id}`, shown)
    expect(updated.status, updated.text).toBe(200)
    await pair.source.query('INSERT INTO app.t VALUES (8, "n")')
    await pair.whenEqual('app', 1)

    // As bytes, in base64 at each alignment of three, and in hex.
    const needles = [
      planted,
      ...[0, 1, 2].map((shift) =>
        Buffer.from('x'.repeat(shift) + planted)
          .toString('base64')
          .slice(4, -4),
      ),
      Buffer.from(planted).toString('hex'),
    ]
    const places = new Map<string, string>([
      ['answers', answers.join('\n') + updated.text],
      ['log', pair.agent.log()],
      ...processTexts(),
      ...filesBelow(pair.agent.dataDir).map((path): [string, string] => [path, readFileSync(path, 'latin1')]),
    ])
    for (const [place, text] of places)
      for (const needle of needles) expect(text.includes(needle), `${place} holds ${needle}`).toBe(false)
    expect(statSync(pair.agent.dataDir).mode & 0o077).toBe(0)
  })
})

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Arguments and environment of every process but this test and its servers. */
function processTexts(): readonly [string, string][] {
  const texts: [string, string][] = []
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    for (const file of ['cmdline', 'environ']) {
      try {
        texts.push([`/proc/${pid}/${file}`, readFileSync(`/proc/${pid}/${file}`, 'latin1')])
      } catch {
        // Ended meanwhile, or not ours to read.
      }
    }
  }
  return texts
}
