/**
 * What NATS servers say of the copies that they hold themselves.
 *
 * Easy to get wrong (tried on 2.15.1): a stream's leader calls a copy current once it has the group's log, though it may
 * still miss every message: for ten seconds after a restore. Such a copy cannot lead. One that is asked to leaves the
 * stream without a leader for seconds, in which it cannot get the messages either.
 */
import { UnavailableError } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { parseAnswer } from './jetstream-api.ts'

const answerWithinMs = 1_000

/** Of nats-server's server.go; other types are of the whole server, or of a single consumer. */
interface HealthError {
  readonly type: string
  readonly stream?: string
}

interface HealthAnswer {
  readonly data?: { readonly status: string; readonly errors?: readonly HealthError[] }
}

/** Of one server. */
export interface CopyHealth {
  /** False also where it has no copy of that stream and where nobody knows. */
  isBehind(stream: string): boolean
}

const allBehind: CopyHealth = { isBehind: () => true }

/**
 * Asks every one of them, side by side. One that does not answer, or has not found the others yet, is behind with everything.
 *
 * @param system a connection to the system account
 */
export async function readCopyHealth(
  system: Connection,
  serverNames: readonly string[],
): Promise<ReadonlyMap<string, CopyHealth>> {
  const asked = serverNames.map(async (name) => [name, await healthOf(system, name)] as const)
  return new Map(await Promise.all(asked))
}

async function healthOf(system: Connection, serverName: string): Promise<CopyHealth> {
  // Only the server of that name answers.
  const request = JSON.stringify({ server_name: serverName, exact_match: true, details: true })
  try {
    const { data } = await system.call(`NATS server ${serverName} does not tell its state`, async () =>
      parseAnswer<HealthAnswer>(
        await system.nats.request('$SYS.REQ.SERVER.PING.HEALTHZ', request, { timeout: answerWithinMs }),
      ),
    )
    return data === undefined ? allBehind : healthIn(data.errors ?? [])
  } catch (error) {
    if (error instanceof UnavailableError) return allBehind
    throw error
  }
}

function healthIn(errors: readonly HealthError[]): CopyHealth {
  const behind = new Set<string>()
  for (const { type, stream } of errors) {
    if (type === 'STREAM' && stream !== undefined) behind.add(stream)
    else if (type !== 'CONSUMER') return allBehind
  }
  return { isBehind: (stream) => behind.has(stream) }
}
