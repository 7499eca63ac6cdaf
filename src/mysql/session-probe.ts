/**
 * Whether a server still works on a session's statement, asked through a connection of its own.
 *
 * Easy to get wrong: silence proves nothing. An ALTER of a large table says nothing for hours, and a connection that a
 * firewall has forgotten says nothing for ever.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectDriver, type DriverConnection, type DriverOptions } from './driver.ts'
import { QueryCommand } from './query-command.ts'
import { readTextRow } from './text-row.ts'

/**
 * - `works`: it has a statement to work on, or the server answers but does not tell.
 * - `rests`: it waits for a statement: ours never came, or its answer went out already.
 * - `gone`: the server does not know the session.
 * - `unreachable`: no other connection gets through either.
 */
export type SessionSign = 'works' | 'rests' | 'gone' | 'unreachable'

type Account = Pick<DriverOptions, 'host' | 'port' | 'user' | 'password'>

const restsAgainMs = 2_000

/**
 * Looks for the session of that connection id. An answer that is on its way has the time to come before the session is
 * said to rest. Never throws.
 */
export async function askForSession(server: Account, connectionId: number, withinMs: number): Promise<SessionSign> {
  const sign = await lookForSession(server, connectionId, withinMs)
  if (sign !== 'rests') return sign
  await sleep(restsAgainMs)
  return lookForSession(server, connectionId, withinMs)
}

async function lookForSession(server: Account, connectionId: number, withinMs: number): Promise<SessionSign> {
  let connection: DriverConnection | null = null
  try {
    const { host, port, user, password } = server
    connection = await connectDriver({
      ...{ host, port, user, password },
      connectTimeoutMs: withinMs,
      multipleStatements: false,
      localInfile: false,
    })
    connection.on('error', () => {})
    const timer = setTimeout(() => connection?.stream.destroy(new Error('no answer')), withinMs)
    const command = await readCommand(connection, connectionId).finally(() => clearTimeout(timer))
    if (command === null) return 'gone'
    return command === 'Sleep' ? 'rests' : 'works'
  } catch (error) {
    return isServersWord(error) ? 'works' : 'unreachable'
  } finally {
    connection?.stream.destroy()
  }
}

/** An error that the server sent, for want of room or of a privilege: it lives. */
function isServersWord(error: unknown): boolean {
  const { errno } = error as { readonly errno?: unknown }
  return typeof errno === 'number' && errno > 0
}

function readCommand(connection: DriverConnection, connectionId: number): Promise<string | null> {
  const sql = `SELECT COMMAND FROM information_schema.PROCESSLIST WHERE ID = ${connectionId}`
  return new Promise((resolve, reject) => {
    let command: string | null = null
    const sink = {
      onOk() {},
      onColumns() {},
      onRow(payload: Buffer) {
        command = readTextRow(payload, 0, 1).cells[0]?.toString('latin1') ?? null
      },
      onEnd: () => resolve(command),
      onServerError: reject,
      onBroken: reject,
    }
    connection.addCommand(new QueryCommand(Buffer.from(sql), sink))
  })
}
