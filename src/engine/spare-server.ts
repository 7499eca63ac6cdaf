/**
 * Prepares that a running server is taken out of the cluster while its copies still count.
 *
 * Easy to get wrong (tried on 2.15.1): a stream loses that server's copy before it gets one elsewhere, so where another copy
 * is away the rest can no more agree on a new one, and the stream stands still for good. It gets one more copy first. And one
 * that was away and is behind could lead together with an empty one, and then drop what both lack; so a server that has
 * everything leads before the other one goes.
 */
import { NotFoundError, UnavailableError } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { askJetStream } from './jetstream-api.ts'
import { listStreams, type StreamState } from './topology.ts'

/** JetStream's own limit. */
const mostCopies = 5

/** What a stream needs before one of its servers may go. */
export type Sparing =
  | { readonly kind: 'spared' }
  /** A server that has everything is to lead it first. */
  | { readonly kind: 'lead'; readonly by: string }
  /** The others need one more copy. */
  | { readonly kind: 'copy'; readonly replicas: number }
  | { readonly kind: 'wait' }

/**
 * @param serverName who goes
 * @param there the names of the servers that are up and current, `serverName` among them or not
 */
export function sparingOf(stream: StreamState, serverName: string, there: ReadonlySet<string>): Sparing {
  const { leader, copies } = stream
  if (leader === null) return { kind: 'wait' }
  if (copies.every(({ name }) => name !== serverName)) return { kind: 'spared' }
  const others = copies.filter(({ name }) => name !== serverName)
  const present = others.filter(({ name }) => there.has(name))
  const current = present.filter(({ isCurrent, isOffline }) => isCurrent && !isOffline)
  if (current.length < present.length) return { kind: 'wait' }
  const [heir] = current
  if (heir === undefined || current.length * 2 <= others.length) return oneMore(stream, there)
  return leader === serverName ? { kind: 'lead', by: heir.name } : { kind: 'spared' }
}

function oneMore({ copies, replicas }: StreamState, there: ReadonlySet<string>): Sparing {
  const hasRoom = [...there].some((name) => copies.every((copy) => copy.name !== name))
  const wanted = copies.length + 1
  return hasRoom && replicas < wanted && wanted <= mostCopies ? { kind: 'copy', replicas: wanted } : { kind: 'wait' }
}

/**
 * Has others get copies where that is needed, and lead what that server leads; to be repeated.
 *
 * @param beforeChange asked before each change; throws when it must not be made any more
 * @returns the streams that cannot go on without it yet; none when it may go
 * @throws UnavailableError
 */
export async function spareServer(
  connection: Connection,
  system: Connection,
  serverName: string,
  there: ReadonlySet<string>,
  beforeChange: () => void,
): Promise<readonly string[]> {
  const open: string[] = []
  for (const stream of await listStreams(connection, system)) {
    const sparing = sparingOf(stream, serverName, there)
    if (sparing.kind === 'spared') continue
    open.push(stream.name)
    if (sparing.kind === 'wait') continue
    beforeChange()
    try {
      await prepare(connection, stream.name, sparing)
    } catch (error) {
      // The next look tells how it is, of a stream that is gone too.
      if (!(error instanceof UnavailableError || error instanceof NotFoundError)) throw error
    }
  }
  return open
}

async function prepare(
  connection: Connection,
  stream: string,
  sparing: Extract<Sparing, { kind: 'lead' | 'copy' }>,
): Promise<void> {
  if (sparing.kind === 'lead') {
    const wanted = { placement: { preferred: sparing.by } }
    const what = `stream ${stream} cannot be led by ${sparing.by}`
    await askJetStream(connection, what, `STREAM.LEADER.STEPDOWN.${stream}`, wanted)
    return
  }
  const { replicas } = sparing
  const manager = await connection.manager()
  await connection.call(`stream ${stream} cannot get ${replicas} copies`, () =>
    manager.streams.update(stream, { num_replicas: replicas }),
  )
}
