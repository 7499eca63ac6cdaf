/**
 * Makes streams and brings their limits up to date.
 *
 * Easy to get wrong: several agents do this at once, maybe of two versions, and a cluster may have given a stream more
 * replicas than this agent would; limits are updated, replicas are never taken away here, and what a newer version laid
 * out is left alone.
 */
import type { StreamConfig, StreamInfo } from '@nats-io/jetstream'
import { ConflictError, NotFoundError } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { NewerFormatError } from './errors.ts'
import { isTooFewServers } from './nats-errors.ts'

export type StreamPlan = Partial<StreamConfig> & { readonly name: string }

/** How this version lays out what it stores. A stream without this note is of the first version. */
const formatVersion = 1
const formatKey = 'millrace.format'

/** What cannot be changed once a stream exists. */
const fixed = new Set(['name', 'storage', 'retention', 'first_seq', 'num_replicas', 'metadata'])

/**
 * Makes the stream, or updates what differs from the plan; safe to repeat. A new one gets `connection.replicas` copies,
 * or one while the cluster has too few servers for them.
 *
 * @throws NewerFormatError when a newer version has laid it out; UnavailableError and others
 */
export async function ensureStream(connection: Connection, plan: StreamPlan): Promise<StreamInfo> {
  const known = await streamInfo(connection, plan.name)
  if (known === null) return addStream(connection, plan)
  assertReadable(known)
  const changes = Object.entries(plan).filter(
    ([name, wanted]) =>
      !fixed.has(name) && JSON.stringify(known.config[name as keyof StreamConfig]) !== JSON.stringify(wanted),
  )
  const hasNote = known.config.metadata?.[formatKey] !== undefined
  if (changes.length === 0 && hasNote) return known
  const manager = await connection.manager()
  const metadata = { ...known.config.metadata, [formatKey]: String(formatVersion) }
  // Copies are left as they are: somebody may be changing their number at this moment.
  const { num_replicas: _, ...kept } = known.config
  const wanted = { ...kept, ...Object.fromEntries(changes), metadata }
  return connection.retry(`stream ${plan.name} cannot be updated`, () => manager.streams.update(plan.name, wanted))
}

/** @returns null when there is no such stream */
export async function streamInfo(connection: Connection, name: string): Promise<StreamInfo | null> {
  const manager = await connection.manager()
  try {
    return await connection.retry(`stream ${name} cannot be read`, () => manager.streams.info(name))
  } catch (error) {
    if (error instanceof NotFoundError) return null
    throw error
  }
}

/** Deleting what is not there is no error. */
export async function deleteStream(connection: Connection, name: string): Promise<void> {
  const manager = await connection.manager()
  try {
    await connection.retry(`stream ${name} cannot be deleted`, () => manager.streams.delete(name))
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
  }
}

async function addStream(connection: Connection, plan: StreamPlan): Promise<StreamInfo> {
  const metadata = { [formatKey]: String(formatVersion) }
  const add = async (replicas: number) => {
    const manager = await connection.manager()
    return manager.streams.add({ ...plan, num_replicas: replicas, metadata })
  }
  try {
    return await connection.retry(`stream ${plan.name} cannot be made`, async () => {
      const { replicas } = connection
      try {
        return await add(replicas)
      } catch (error) {
        if (replicas === 1 || !isTooFewServers(error)) throw error
        connection.log.warn({ stream: plan.name, replicas }, 'too few nats servers for all copies, made with one')
        return add(1)
      }
    })
  } catch (error) {
    // Another agent made it between our question and our request, with limits of its own version.
    const known = error instanceof ConflictError ? null : await streamInfo(connection, plan.name)
    if (known === null) throw error
    assertReadable(known)
    return known
  }
}

function assertReadable({ config }: StreamInfo): void {
  const format = Number(config.metadata?.[formatKey] ?? formatVersion)
  if (!(format <= formatVersion)) throw new NewerFormatError(config.name, format, formatVersion)
}
