/** `millrace copy`: one server into another, without a cluster. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readPidFile } from '../../src/core/process-identity.ts'
import { Scope } from '../../src/core/scope.ts'
import { CopyCommand, type CopyEvent, passwordsOf, processesNaming, urlOf } from '../harness/copy-command.ts'
import { eventually } from '../harness/eventually.ts'
import { type ServerKind, startServer, type TestServer } from '../harness/mysql-servers.ts'
import { millraceLine, PseudoTerminal } from '../harness/pseudo-terminal.ts'
import { type SlowLink, startSlowLink } from '../harness/slow-link.ts'
import { tempDir } from '../harness/temp-dir.ts'

type PairName = 'MariaDB to MariaDB' | 'MySQL 9.7 to MySQL 9.7' | 'MySQL 5.6 to MySQL 9.7'

interface Pair {
  readonly source: TestServer
  readonly target: TestServer
}

const scope = new Scope()
const pairs = new Map<PairName, Pair>()

beforeAll(async () => {
  const started = async (kind: ServerKind) =>
    scope.use(await startServer(kind), (server) => server[Symbol.asyncDispose]())
  const target = await started('mysql-9.7')
  pairs.set('MariaDB to MariaDB', { source: await started('mariadb-10.11'), target: await started('mariadb-10.11') })
  pairs.set('MySQL 9.7 to MySQL 9.7', { source: await started('mysql-9.7'), target })
  pairs.set('MySQL 5.6 to MySQL 9.7', { source: await started('mysql-5.6'), target })
})
afterAll(() => scope.close())

function pairOf(name: PairName): Pair {
  const pair = pairs.get(name)
  if (pair === undefined) throw new Error(`no servers were started for ${name}`)
  return pair
}

/** @param rows of the larger table */
async function makeShop({ source, target }: Pair, rows = 2_000): Promise<void> {
  await target.query('DROP DATABASE IF EXISTS shop')
  await source.query(`DROP DATABASE IF EXISTS shop; CREATE DATABASE shop CHARACTER SET utf8mb4;
    CREATE TABLE shop.customer (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80), since DATETIME, score DOUBLE);
    INSERT INTO shop.customer (name, since, score) VALUES ('Ärger', '2001-02-03 04:05:06', 0.1), (NULL, NULL, -1e-300);
    CREATE TABLE shop.log (word VARCHAR(20), n INT); INSERT INTO shop.log VALUES ('a', 1), ('a', 1), (NULL, 2);
    CREATE TABLE shop.orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, body VARCHAR(200) NOT NULL);
    INSERT INTO shop.orders (body) VALUES (REPEAT('x', 150))`)
  for (let have = 1; have < rows; have *= 2)
    await source.query(`INSERT INTO shop.orders (body) SELECT body FROM shop.orders LIMIT ${rows - have}`)
}

function start(pair: Pair, ...args: readonly string[]): Promise<CopyCommand> {
  return startOver(pair.source, pair, ...args)
}

/** @param link the way to the source */
function startOver(
  link: Pick<TestServer, 'host' | 'port'>,
  { source, target }: Pair,
  ...args: readonly string[]
): Promise<CopyCommand> {
  const { host, port } = link
  const from = urlOf({ host, port, user: source.user })
  return CopyCommand.start(
    ['--from', from, '--to', urlOf(target), '--schemas', 'shop', ...args],
    passwordsOf(source, target),
  )
}

const isEvent = (name: string) => (event: CopyEvent) => event.event === name
const isCopying = (event: CopyEvent) => event.event === 'progress' && event.stage === 'full' && rowsOf(event) > 0

function rowsOf(event: CopyEvent): number {
  return (event.copied as { readonly rows_done: number }).rows_done
}

async function countOf(server: TestServer, table: string): Promise<number> {
  const rows = await server.query<{ n: number }[]>(`SELECT COUNT(*) AS n FROM ${table}`)
  return Number(rows[0]?.n)
}

async function schemasOf(server: TestServer): Promise<readonly string[]> {
  const rows = await server.query<{ name: string }[]>('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA')
  return rows.map(({ name }) => name)
}

/** Changes rows until it is stopped. */
function startWriter({ source }: Pair): AsyncDisposable & { stop(): Promise<number> } {
  let isOver = false
  const writing = (async () => {
    let count = 0
    for (; !isOver; count += 1) {
      await source.query(`INSERT INTO shop.orders (body) VALUES ('new ${count}'); UPDATE shop.customer SET score = ${count};
        UPDATE shop.orders SET body = 'changed ${count}' WHERE id = ${1 + (count % 500)};
        DELETE FROM shop.orders WHERE id = ${600 + count}`)
      await sleep(5)
    }
    return count
  })()
  const stop = () => {
    isOver = true
    return writing
  }
  return { stop, [Symbol.asyncDispose]: () => stop().then(() => undefined) }
}

describe.each(['MariaDB to MariaDB', 'MySQL 9.7 to MySQL 9.7', 'MySQL 5.6 to MySQL 9.7'] as const)('%s', (name) => {
  test('copies, compares, says so and leaves nothing behind', async () => {
    const pair = pairOf(name)
    await makeShop(pair)
    await using copy = await start(pair)
    const { status, out, errors } = await copy.ended
    expect(status, out + errors).toBe(0)
    expect(out).toMatch(/copied 2005 rows in/)
    expect(out).toMatch(/^shop\.customer +equal +2 /m)
    expect(out).toMatch(/^shop\.log +equal +3 /m)
    expect(out).toMatch(/^shop\.orders +equal +2000 /m)
    expect(out).toMatch(/equal: 3 tables compared/)
    expect(copy.leftovers()).toEqual([])
    expect(await schemasOf(pair.target)).not.toContain('millrace')
  })

  test('copies under a writer, compares while it writes, and follows it until Ctrl-C', async () => {
    const pair = pairOf(name)
    await makeShop(pair)
    await using writer = startWriter(pair)
    await using copy = await start(pair, '--follow', '--compare', '--json')
    await copy.whenEvent(isEvent('following'))
    const during = copy.events().find(isEvent('comparison'))
    expect(during, JSON.stringify(during)).toMatchObject({ is_equal: true })
    expect(await writer.stop()).toBeGreaterThan(10)
    copy.signal('SIGINT')
    const { status, out, errors } = await copy.ended
    expect(status, out + errors).toBe(0)
    expect(copy.events().at(-1)).toMatchObject({ event: 'stopped', is_complete: true, is_equal: true })
    expect(copy.events().at(-1)?.position).not.toBe('')
    expect(copy.events().filter(isEvent('comparison'))).toHaveLength(2)
    expect(await countOf(pair.target, 'shop.orders')).toBe(await countOf(pair.source, 'shop.orders'))
    expect(copy.leftovers()).toEqual([])
    expect(await schemasOf(pair.target)).not.toContain('millrace')
  })
})

test.each<ServerKind>(['mariadb-10.11', 'mysql-5.6'])(
  'one %s under two names is refused, and nothing of it is dropped',
  async (kind) => {
    await using server = await startServer(kind, { args: ['--bind-address=0.0.0.0'] })
    await makeShop({ source: server, target: server })
    const from = ['--from', urlOf(server), '--schemas', 'shop', '--drop-if-exists']
    for (const alias of ['127.0.0.2', 'localhost']) {
      const to = ['--to', `mysql://${server.user}@${alias}:${server.port}`]
      await using copy = await CopyCommand.start([...from, ...to], passwordsOf(server, server))
      const { status, errors } = await copy.ended
      expect(status).toBe(1)
      expect(errors).toMatch(/--to \S+ is the server of --from \S+ under another name.*name another server/)
      await using dry = await CopyCommand.start([...from, ...to, '--dry-run'], passwordsOf(server, server))
      expect((await dry.ended).status).toBe(3)
    }
    expect(await countOf(server, 'shop.orders')).toBe(2_000)
    expect(await schemasOf(server)).not.toContain('millrace')
  },
)

test('a copy whose reader goes away is made all the same', async () => {
  const pair = pairOf('MariaDB to MariaDB')
  await makeShop(pair, 30_000)
  await using copy = await start(pair, '--json')
  await copy.whenEvent(isEvent('look'))
  copy.closeOutput()
  const { status, errors } = await copy.ended
  expect(status, errors).toBe(0)
  expect(await countOf(pair.target, 'shop.orders')).toBe(30_000)
  expect(copy.leftovers()).toEqual([])
})

test('on a terminal passwords are asked for without being shown, bars are drawn, and Ctrl-C stops', async () => {
  const pair = pairOf('MariaDB to MariaDB')
  await makeShop(pair, 60_000)
  const { source, target } = pair
  // Slow enough for its bar to be seen.
  await using slow = await startSlowLink(source, 4_000_000)
  const args = [
    'copy',
    '--from',
    urlOf({ ...slow, user: source.user }),
    '--to',
    urlOf(target),
    '--schemas',
    'shop',
    '--follow',
    '--threads',
    '1',
  ]
  await using folder = await tempDir()
  await using terminal = new PseudoTerminal(millraceLine(args), { env: { TMPDIR: folder.path } })
  for (const { user, port, password } of [{ ...source, port: slow.port }, target]) {
    await terminal.shows(new RegExp(`Password of ${user} at 127\\.0\\.0\\.1:${port}: $`))
    terminal.type(`${password}\r`)
  }
  await terminal.shows(/follows the changes; Ctrl-C stops/, 90_000)
  terminal.type('\u0003')
  expect(await terminal.ended()).toBe(0)
  expect(terminal.text).not.toContain(source.password)
  expect(terminal.text).toMatch(/shop\.orders +[█░▏▎▍▌▋▊▉]{20} +\d+\.\d % +/)
  expect(terminal.text).toMatch(/total +█{20} +100 % +60005 rows/)
  expect(terminal.text).toMatch(/stopped with everything up to \S+ .*of the source/)
  expect([...readdirSync(folder.path), ...processesNaming(folder.path)]).toEqual([])
})

describe('a copy that is interrupted', () => {
  const pair = () => pairOf('MariaDB to MariaDB')
  const rows = 100_000
  let slow: SlowLink

  beforeAll(async () => {
    await makeShop(pair(), rows)
    slow = await startSlowLink(pair().source, 4_000_000)
  })
  afterAll(() => slow?.[Symbol.asyncDispose]())
  beforeEach(() => pair().target.query('DROP DATABASE IF EXISTS shop'))

  test('by Ctrl-C says what there is now and leaves no process, no folder and no bookkeeping', async () => {
    await using copy = await startOver(slow, pair(), '--json', '--threads', '1')
    await copy.whenEvent(isCopying)
    copy.signal('SIGINT')
    const { status, errors } = await copy.ended
    expect(status, errors).toBe(130)
    expect(copy.events().at(-1)).toMatchObject({ event: 'interrupted', is_complete: false })
    expect(copy.leftovers()).toEqual([])
    expect(await schemasOf(pair().target)).not.toContain('millrace')
  })

  test('by kill -9 goes on with the same work directory where it was, and that is empty in the end', async () => {
    await using folder = await tempDir()
    const workDir = join(folder.path, 'work')
    const args = ['--json', '--threads', '1', '--work-dir', workDir]
    await using killed = await startOver(slow, pair(), ...args)
    await killed.whenEvent(isCopying)
    killed.signal('SIGKILL')
    await killed.ended
    const before = await countOf(pair().target, 'shop.orders')
    expect(before).toBeLessThan(rows)
    // Rows that come and go while nobody copies.
    await pair().source.query("DELETE FROM shop.orders WHERE id % 1000 = 7; INSERT INTO shop.log VALUES ('late', 9)")
    await using resumed = await startOver(slow, pair(), ...args)
    const { status, out, errors } = await resumed.ended
    expect(status, out + errors).toBe(0)
    expect(resumed.events().find(isEvent('resumed'))).toBeDefined()
    expect(resumed.events().find(isEvent('comparison'))).toMatchObject({ is_equal: true })
    expect(readdirSync(workDir)).toEqual([])
    expect(await schemasOf(pair().target)).not.toContain('millrace')
  })

  test('by kill -9 without a work directory takes its processes and its folder with it', async () => {
    await using copy = await startOver(slow, pair(), '--json', '--threads', '1')
    await copy.whenEvent(isCopying)
    copy.signal('SIGKILL')
    await copy.ended
    await eventually(() => copy.leftovers().length === 0, 60_000, 'the end of all that was started')
    expect(await schemasOf(pair().target)).not.toContain('millrace')
  })

  test('while it follows goes on later with the changes that came meanwhile, without copying again', async () => {
    await makeShop(pair())
    await using folder = await tempDir()
    const args = ['--follow', '--json', '--work-dir', folder.path]
    await using first = await start(pair(), ...args)
    await first.whenEvent(isEvent('following'))
    first.signal('SIGTERM')
    expect((await first.ended).status).toBe(0)
    expect(processesNaming(folder.path)).toEqual([])
    await pair().source.query("UPDATE shop.customer SET name = 'meanwhile' WHERE id = 1")
    await using second = await start(pair(), ...args, '--compare')
    await second.whenEvent(isEvent('following'))
    expect(second.events().find(isEvent('comparison'))).toMatchObject({ is_equal: true })
    expect(second.events().some(isCopying)).toBe(false)
    second.signal('SIGINT')
    second.signal('SIGINT')
    expect((await second.ended).status).toBe(0)
    await using other = await start({ source: pair().target, target: pair().source }, '--work-dir', folder.path)
    expect(await other.ended).toMatchObject({ status: 2, errors: expect.stringMatching(/belongs to another copy/) })
    await pair().target.query('DROP DATABASE IF EXISTS millrace')
  })

  test('whose own process is killed says how far it is, leaves no server running, and goes on when repeated', async () => {
    await makeShop(pair())
    await using folder = await tempDir()
    const args = ['--follow', '--json', '--work-dir', folder.path]
    await using broken = await start(pair(), ...args)
    await broken.whenEvent(isEvent('following'))
    const { pid } = readPidFile(join(folder.path, 'agent.pid')) ?? { pid: 0 }
    process.kill(pid, 'SIGKILL')
    const { status, errors } = await broken.ended
    expect({ status, errors }).toMatchObject({ status: 1, errors: expect.stringMatching(/ended by SIGKILL/) })
    expect(broken.events().at(-1)).toMatchObject({ event: 'interrupted', position: expect.stringMatching(/binlog/) })
    expect(processesNaming(folder.path)).toEqual([])
    await using repeated = await start(pair(), ...args)
    await repeated.whenEvent(isEvent('following'))
    repeated.signal('SIGINT')
    expect((await repeated.ended).status).toBe(0)
    await pair().target.query('DROP DATABASE IF EXISTS millrace')
  })
})

describe('before anything is changed', () => {
  const pair = () => pairOf('MySQL 9.7 to MySQL 9.7')

  test('a wrong password is told, and neither password is in any word, argument or file', async () => {
    await makeShop(pair())
    const { source, target } = pair()
    const args = ['--from', urlOf(source), '--to', urlOf(target)]
    await using copy = await CopyCommand.start(args, {
      ...passwordsOf(source, target),
      MILLRACE_TO_PASSWORD: 'wrong-Secret-7',
    })
    const { status, out, errors } = await copy.ended
    expect(status).toBe(1)
    expect(errors).toMatch(/Access denied|refuse/i)
    expect(errors).toContain(`:${target.port}`)
    expect(out + errors).not.toContain('wrong-Secret-7')
    expect(out + errors).not.toContain(source.password)
    expect(copy.leftovers()).toEqual([])
  })

  test('a password in a URL is taken, warned of, and gone from the process list', async () => {
    await makeShop(pair())
    const { source, target } = pair()
    const from = urlOf(source, `${source.user}:${source.password}`)
    await using folder = await tempDir()
    const file = join(folder.path, 'client.cnf')
    writeFileSync(file, `[mysql]\npassword=other\n[client]\nuser = ${target.user}\npassword = "${target.password}"\n`)
    await using copy = await CopyCommand.start([
      ...['--from', from, '--to', `mysql://${target.host}:${target.port}`, '--to-defaults-file', file],
      ...['--schemas', 'shop', '--json'],
    ])
    await copy.whenEvent(isEvent('progress'))
    expect(readFileSync(`/proc/${copy.pid}/cmdline`, 'utf8')).not.toContain(source.password)
    const { status, out, errors } = await copy.ended
    expect(status, errors).toBe(0)
    expect(errors).toMatch(/password in --from was seen by every account .* --from-password-file/)
    expect(out + errors).not.toContain(source.password)
  })

  test('a target that holds rows is left alone, and replaced only when told', async () => {
    await makeShop(pair())
    await pair().target.query(`CREATE DATABASE shop; CREATE TABLE shop.customer (id INT PRIMARY KEY);
      INSERT INTO shop.customer VALUES (77); ANALYZE TABLE shop.customer`)
    await using refused = await start(pair())
    const { status, errors } = await refused.ended
    expect(status).toBe(1)
    expect(errors).toMatch(/already holds rows in shop\.customer; .*--drop-if-exists/)
    expect(await countOf(pair().target, 'shop.customer')).toBe(1)
    expect(refused.leftovers()).toEqual([])
    await pair().target.query('TRUNCATE TABLE shop.customer; ANALYZE TABLE shop.customer')
    await using other = await start(pair())
    const differs = await other.ended
    expect(differs.status, differs.out).toBe(1)
    expect(differs.errors).toMatch(/shop`\.`customer` on the target .* differs: .*, or give --drop-if-exists/)
    expect(differs.out).toMatch(/stopped before anything was copied|stopped with everything/)
    expect(other.leftovers()).toEqual([])
    await using replaced = await start(pair(), '--drop-if-exists')
    expect((await replaced.ended).status).toBe(0)
    expect(await countOf(pair().target, 'shop.customer')).toBe(2)
  })

  test('a schema that is not there and a work directory of others are a wrong call', async () => {
    await makeShop(pair())
    const { source, target } = pair()
    const args = ['--from', urlOf(source), '--to', urlOf(target)]
    await using nowhere = await CopyCommand.start([...args, '--schemas', 'shpo'], passwordsOf(source, target))
    expect(await nowhere.ended).toMatchObject({ status: 2, errors: expect.stringMatching(/check --schemas/) })
    await using elsewhere = await start(pair(), '--work-dir', import.meta.dirname)
    expect(await elsewhere.ended).toMatchObject({ status: 2, errors: expect.stringMatching(/holds other files/) })
  })

  test('a missing privilege is told with the statement that gives it; a dry run tells all of them and the tables', async () => {
    await makeShop(pair())
    const { source, target } = pair()
    await source.query(`DROP USER IF EXISTS reader@'%'; CREATE USER reader@'%' IDENTIFIED BY 'Reader-1';
      GRANT SELECT ON shop.* TO reader@'%'`)
    const args = ['--from', urlOf(source, 'reader'), '--to', urlOf(target), '--schemas', 'shop']
    const env = { ...passwordsOf(source, target), MILLRACE_FROM_PASSWORD: 'Reader-1' }
    await using refused = await CopyCommand.start(args, env)
    const { status, errors } = await refused.ended
    expect(status).toBe(1)
    expect(errors).toMatch(/GRANT REPLICATION SLAVE.* ON \*\.\* TO/)
    await using dry = await CopyCommand.start([...args, '--dry-run'], env)
    const look = await dry.ended
    expect(look.status).toBe(3)
    expect(look.out).toMatch(/^shop\.orders +table +\d+/m)
    expect(look.out).toMatch(/missing: .*REPLICATION SLAVE/)
    expect(look.out).toMatch(/nothing was changed/)
    expect(await schemasOf(target)).not.toContain('shop')
    await source.query("DROP USER reader@'%'")
  })

  test('what is wrong with the call itself is told with exit status 2', async () => {
    const url = urlOf(pair().source)
    const wrong = async (...args: readonly string[]) => {
      await using copy = await CopyCommand.start(args)
      const { status, errors } = await copy.ended
      expect(status, errors).toBe(2)
      return errors
    }
    expect(await wrong('--from', url)).toMatch(/required option '--to <URL>'/)
    expect(await wrong('--from', 'db1:3306', '--to', url)).toMatch(/--from: must be mysql:\/\/USER@HOST:PORT/)
    expect(await wrong('--from', url, '--to', `${url}/shop`)).toMatch(/--to: must end after the port/)
    expect(await wrong('--from', url, '--to', url)).toMatch(/no terminal to ask on; give --from-password-file/)
    expect(existsSync('millrace-data')).toBe(false)
  })
})
