/** What examples/ holds works as it stands; only a server's address is put in, for there is none at the example's. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { eventually } from '../harness/eventually.ts'
import { startAgent } from '../harness/millrace-agent.ts'
import { startServer } from '../harness/mysql-servers.ts'

const run = promisify(execFile)
const path = (name: string) => new URL(`../../${name}`, import.meta.url).pathname
const example = (name: string) => readFileSync(path(`examples/${name}`), 'utf8')

test('the settings file is understood', async () => {
  const { stdout } = await run(path('bin/millrace'), [
    'config',
    'show',
    '--json',
    '--config',
    path('examples/agent.yaml'),
  ])
  const settings = JSON.parse(stdout) as Record<string, { value: unknown; origin: string }>
  expect(settings['node-name']).toEqual({ value: 'mill-1', origin: 'file' })
  expect(settings.tag?.value).toEqual({ role: 'web', site: 'north' })
})

test('the scheduled job is stored and runs', async () => {
  await using agent = await startAgent()
  expect((await agent.dkron('POST', '/v1/jobs', example('every-ten-seconds.json'))).status).toBe(201)
  expect((await agent.dkron('POST', '/v1/jobs/hello')).status).toBe(200)
  await eventually(async () => {
    const executions = (await agent.dkron('GET', '/v1/executions/hello')).json as readonly { output: string }[]
    return executions.some((execution) => execution.output.startsWith('hello from'))
  }, 10_000)
})

test('the replication job copies, with passwords from the environment', async () => {
  await using source = await startServer('mariadb-10.11')
  await using target = await startServer('mariadb-10.11')
  await source.query('CREATE DATABASE shop; CREATE TABLE shop.t (a INT PRIMARY KEY); INSERT INTO shop.t VALUES (7)')
  for (const server of [source, target])
    await server.query(`CREATE USER 'millrace'@'%' IDENTIFIED BY 'from env'; GRANT ALL ON *.* TO 'millrace'@'%'`)
  await using agent = await startAgent({ env: { SOURCE_PASSWORD: 'from env', TARGET_PASSWORD: 'from env' } })
  const job = example('replicate-schema.json')
    .replace('"source.example", "Port": 3306', `"127.0.0.1", "Port": ${source.port}`)
    .replace('"target.example", "Port": 3306', `"127.0.0.1", "Port": ${target.port}`)
    .replaceAll('127.0.0.1:8193', `127.0.0.1:${agent.natsPort}`)
  expect((await agent.udup('POST', '/v1/jobs', job)).status).toBe(200)
  await eventually(async () => Number((await target.query('SELECT COUNT(*) AS n FROM shop.t'))[0]?.n) === 1, 30_000)
})
