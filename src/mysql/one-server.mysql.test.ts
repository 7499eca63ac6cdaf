import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { type ServerKind, startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import { isMarked, isOneServer, markServer } from './one-server.ts'
import { openSession, type Session } from './session.ts'

async function started(kind: ServerKind): Promise<TestServer> {
  const server = await startServer(kind, { args: ['--bind-address=0.0.0.0'] })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

async function opened({ port }: TestServer, host: string, user: string, password: string): Promise<Session> {
  const session = await openSession({ host, port, user, password })
  onTestFinished(() => session.destroy())
  return session
}

test.each<ServerKind>(['mysql-5.6', 'mysql-9.7', 'mariadb-10.11'])(
  '%s is known by whatever name and account it is reached, and told from another one',
  async (kind) => {
    const [server, another] = await Promise.all([started(kind), started(kind)])
    await server.query("CREATE USER 'weak'@'%' IDENTIFIED BY 'w-1'")
    const one = await opened(server, server.host, server.user, server.password)
    const alias = await opened(server, '127.0.0.2', 'weak', 'w-1')
    const other = await opened(another, another.host, another.user, another.password)
    expect([await isOneServer(one, alias), await isOneServer(alias, one)]).toEqual([true, true])
    expect([await isOneServer(one, other), await isOneServer(other, alias)]).toEqual([false, false])
    const mark = (await markServer(one)) ?? ''
    expect([await isMarked(alias, mark), await isMarked(other, mark)]).toEqual([true, false])
    await one.close()
    // A server may still be ending a session that is closed.
    await eventually(async () => !(await isMarked(alias, mark)), 10_000, 'a mark that is gone')
    expect(await isMarked(alias, "x') OR (1")).toBe(false)
  },
)
