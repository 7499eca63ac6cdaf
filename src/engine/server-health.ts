/**
 * What a NATS server says of its own store and of the copies in it.
 *
 * Easy to get wrong (all tried on 2.15.1): a stream's leader calls a copy current once it has the group's log, though it may
 * still miss every message: for ten seconds after a restore. Such a copy cannot lead. One that is asked to leaves the
 * stream without a leader for seconds, in which it cannot get the messages either. And what could not be written once is
 * refused from then on; a server of several switches JetStream off then, and its log may be on the disk that is full.
 */
import { UnavailableError } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { parseAnswer } from './jetstream-api.ts'

const answerWithinMs = 1_000

/** Of nats-server's monitor.go. */
interface HealthError {
  /** What is ill: all of JETSTREAM, a STREAM or a CONSUMER, say. */
  readonly type: string
  readonly stream?: string
  readonly error: string
}

interface HealthAnswer {
  readonly data?: { readonly errors?: readonly HealthError[] }
}

// nats-server's monitor.go, jetstream_errors.go: `JetStream stream '$G > KV_jobs' write error: write 1.blk: no space left on device`
const writeFailure = /write error:\s*(.*)|(JetStream not enabled)/i

export interface ServerHealth {
  /** Why it cannot write its store, nor will until it is started again; null where nothing is known of that. */
  readonly writeTrouble: string | null
  /** Whether its copy of that stream misses something; false also where it has none. */
  isBehind(stream: string): boolean
}

const unknown: ServerHealth = { writeTrouble: null, isBehind: () => true }

/**
 * Asks one server, wherever it is in the cluster. One that does not answer, or has not found the others yet, is behind with
 * everything.
 *
 * @param system a connection to the system account
 * @throws NatsAccessError where that may not ask
 */
export async function readServerHealth(system: Connection, serverName: string): Promise<ServerHealth> {
  // Only the server of that name answers.
  const request = JSON.stringify({ server_name: serverName, exact_match: true, details: true })
  try {
    const { data } = await system.call(`NATS server ${serverName} does not tell its state`, async () =>
      parseAnswer<HealthAnswer>(
        await system.nats.request('$SYS.REQ.SERVER.PING.HEALTHZ', request, { timeout: answerWithinMs }),
      ),
    )
    return data === undefined ? unknown : healthOf(data.errors ?? [])
  } catch (error) {
    if (error instanceof UnavailableError) return unknown
    throw error
  }
}

function healthOf(errors: readonly HealthError[]): ServerHealth {
  const failures = errors.map(({ error }) => writeFailure.exec(error)).filter((match) => match !== null)
  const behind = new Set(errors.filter(({ type }) => type === 'STREAM').map(({ stream }) => stream))
  const isReady = errors.every(({ type }) => type === 'STREAM' || type === 'CONSUMER')
  return {
    writeTrouble: failures[0]?.[1] ?? failures[0]?.[2] ?? null,
    isBehind: (stream) => !isReady || behind.has(stream),
  }
}
