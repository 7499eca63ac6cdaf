/** The commands about replication jobs, between two real servers. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../harness/eventually.ts'
import { type EndedCommand, millrace } from '../harness/millrace-command.ts'
import { millraceLine, millraceOnTerminal, PseudoTerminal } from '../harness/pseudo-terminal.ts'
import { ReplicationPair } from '../harness/replication-pair.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come out
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/

let pair: ReplicationPair

beforeAll(async () => {
  pair = await ReplicationPair.start('mariadb-10.11')
  await pair.source.query(
    `CREATE DATABASE shop; USE shop;
     CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(200)) ENGINE=InnoDB;
     CREATE TABLE shop.items (id INT PRIMARY KEY) ENGINE=InnoDB;
     INSERT INTO shop.orders (note) SELECT REPEAT('x', 200) FROM seq_1_to_60000;
     INSERT INTO shop.items SELECT seq FROM seq_1_to_100`,
  )
})

afterAll(async () => pair?.[Symbol.asyncDispose]())

const env = () => ({ MILLRACE_ADDRESS: `127.0.0.1:${pair.agent.dkronPort}` })

/** On a pipe. Neither control characters nor a password may come out of any command. */
async function run(args: readonly string[], input?: string): Promise<EndedCommand> {
  const ended = await millrace(args, env(), input)
  expect(ended.text, args.join(' ')).not.toMatch(controls)
  expect(ended.text).not.toContain(pair.source.password)
  return ended
}

async function done(args: readonly string[], input?: string): Promise<string> {
  const ended = await run(args, input)
  expect(ended.status, ended.text).toBe(0)
  return ended.stdout
}

/** A job as YAML; `type` and `tables` may be changed, and the target's password. */
function yaml({ name = 'shop', type = 'migration', workers = 2, password = pair.target.password } = {}): string {
  const connection = (port: number, secret: string) =>
    `ConnectionConfig: {Host: 127.0.0.1, Port: ${port}, User: ${pair.source.user}, Password: "${secret}"}`
  return `
Name: ${name}
Type: ${type}
Tasks:
  - Type: Src
    Driver: MySQL
    Config:
      ReplicateDoDb: [{TableSchema: shop}]
      ParallelWorkers: ${workers}
      ${connection(pair.source.port, pair.source.password)}
  - Type: Dest
    Driver: MySQL
    Config:
      DropTableIfExists: true
      ${connection(pair.target.port, password)}
`
}

test('a migration is applied from YAML, watched line by line on a pipe to its end, and stays as it is when applied again', async () => {
  const dry = await done(['replication', 'apply', '-f', '-', '--dry-run'], yaml())
  expect(dry).toContain('+ replication job shop would be created')
  expect(dry).toContain('Dest.Config.ConnectionConfig.Password: not shown')
  expect(await done(['replications'])).toContain('no replication jobs yet')
  expect(await done(['replication', 'apply', '-f', '-'], yaml())).toMatch(/1 created, 0 changed, 0 unchanged\n$/)
  const watched = await done(['replication', 'stats', '-w', '--interval', '0.2', 'shop'])
  const lines = watched.trimEnd().split('\n')
  expect(lines.at(-1)).toMatch(/^\d{4}-.*Z complete complete copied 100% tables 2\/2 rows 60100\/60100 eta - lag /)
  expect(lines.length).toBeGreaterThan(1)
  expect(await done(['replication', 'apply', '-f', '-'], yaml())).toMatch(/0 created, 0 changed, 1 unchanged\n$/)
  await pair.whenEqual('shop', 2)
})

test('on a terminal the copy has bars that are drawn again at the same place', async () => {
  await done(['replication', 'rm', 'shop'])
  await done(['apply', '-f', '-'], yaml({ name: 'bars', type: 'migration' }))
  const { status, text } = await millraceOnTerminal(['replication', 'stats', '-w', '--interval', '0.1', 'bars'], env())
  expect(status).toBe(0)
  expect(text).toMatch(/\[\d+A\r/)
  expect(text).toMatch(/copy +█+ +100 % {2}60\.1 k rows|copy +█+ +100 % {2}60100 rows/)
  expect(text).toMatch(/lag .* transactions\/s .* backlog /)
  await done(['replication', 'rm', 'bars'])
})

test('a job is followed, shown, paused, resumed and deleted, and what changes is told without passwords', async () => {
  await done(['replication', 'apply', '-f', '-'], yaml({ type: 'synchronous' }))
  await eventually(
    async () => expect(await done(['replications'])).toMatch(/^shop +running +incremental/m) ?? true,
    60_000,
  )
  const id = JSON.parse(await done(['replication', 'show', 'shop', '--json'])).ID as string
  expect(await done(['replication', 'show', 'shop'])).toMatch(/^replicates +shop\.\*$/m)
  // How far behind it is is known a moment after the copy.
  await eventually(
    async () => expect(await done(['replication', 'stats', id])).toMatch(/^lag [\d.]+ m?s .* backlog /m) ?? true,
    30_000,
  )
  expect(JSON.parse(await done(['replication', 'stats', 'shop', '--json']))).toMatchObject({
    stage: 'incremental',
    copy: {},
  })
  expect(await done(['replication', 'pause', 'shop'])).toBe('shop is paused\n')
  expect(await done(['replications'])).toMatch(/^shop +pause/m)
  expect(await done(['replication', 'resume', 'shop'])).toBe('shop goes on\n')
  const changed = await done(
    ['replication', 'apply', '-f', '-', '--dry-run'],
    yaml({ type: 'synchronous', workers: 3 }),
  )
  expect(changed.split('\n').slice(0, 2)).toEqual([
    '~ replication job shop would be changed',
    '    Src.Config.ParallelWorkers: 2 -> 3',
  ])
  const other = yaml({ type: 'synchronous', password: 'planted-other-7351' })
  const secret = await done(['replication', 'apply', '-f', '-', '--dry-run'], other)
  expect(secret).toContain('\n    Dest.Config.ConnectionConfig.Password: changed, not shown\n')
  expect(secret).not.toContain('planted')
  const backup = await done(['replications', '--json'])
  expect(await done(['replication', 'apply', '-f', '-'], backup)).toMatch(/0 created, 0 changed, 1 unchanged\n$/)
})

test('watching ends when the job is deleted, and a misspelt name is answered with the nearest', async () => {
  await using watching = new PseudoTerminal(`${millraceLine(['replication', 'stats', '-w', 'shop'])} | cat`, {
    env: env(),
  })
  await watching.shows(/running incremental copied 100% /)
  const misspelt = await run(['replication', 'rm', 'shpo'])
  expect([misspelt.status, misspelt.stderr]).toEqual([1, expect.stringContaining('did you mean "shop"?')])
  expect(await done(['replication', 'rm', 'shop'])).toBe('shop was deleted; the rows at the target stay\n')
  await watching.ended()
  expect(watching.text).toMatch(/shop was deleted\r\n$/)
})

test('a job that needs somebody says why and how to cure it, with an exit status of its own', async () => {
  await pair.source.query(`CREATE USER 'weak'@'%' IDENTIFIED BY 'weak-Pass-1'; GRANT SELECT ON shop.* TO 'weak'@'%'`)
  const weak = yaml({ name: 'weak', type: 'synchronous' }).replace(
    `User: ${pair.source.user}, Password: "${pair.source.password}"`,
    `User: weak, Password: "weak-Pass-1"`,
  )
  await done(['replication', 'apply', '-f', '-'], weak)
  await eventually(async () => (await run(['replication', 'stats', 'weak'])).status === 3, 60_000)
  const { stdout } = await run(['replication', 'stats', 'weak'])
  expect(stdout).toMatch(/^weak {2}dead /)
  expect(stdout).toMatch(/GRANT .*REPLICATION/)
  expect(stdout).not.toContain('weak-Pass-1')
  await done(['replication', 'rm', 'weak'])
})

test('a job that the agent would refuse is refused field by field, and nothing is written', async () => {
  const wrong = yaml({ name: 'wrong' })
    .replace('ParallelWorkers: 2', 'ParallelWorkers: 99')
    .replace('Type: migration', 'Type: odd')
  const ended = await run(['replication', 'apply', '-f', '-'], wrong)
  expect([ended.status, ended.stdout]).toEqual([2, ''])
  expect(ended.stderr).toContain('standard input: Type: must be "synchronous" (or true) or "migration"')
  expect(ended.stderr).toContain('standard input: Tasks[0].Config.ParallelWorkers: must be')
  const scheduled = await run(['replication', 'apply', '-f', '-'], 'name: a\ncommand: "true"\n')
  expect([scheduled.status, scheduled.stderr]).toEqual([
    2,
    expect.stringContaining('apply it with "millrace job apply"'),
  ])
})
