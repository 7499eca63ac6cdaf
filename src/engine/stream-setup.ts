/**
 * Makes streams and brings their limits up to date.
 *
 * Easy to get wrong: several agents do this at once, and a cluster may have given a stream more replicas than this
 * agent would; limits are updated, replicas are never taken away here.
 */
import type { StreamConfig, StreamInfo } from '@nats-io/jetstream'
import { ConflictError, NotFoundError } from '../core/errors.ts'
import type { Connection } from './connection.ts'

export type StreamPlan = Partial<StreamConfig> & { readonly name: string }

/** What cannot be changed once a stream exists. */
const fixed = new Set(['name', 'storage', 'retention', 'first_seq', 'num_replicas'])

/** Makes the stream, or updates what differs from the plan; safe to repeat. @throws UnavailableError and others */
export async function ensureStream(connection: Connection, plan: StreamPlan): Promise<StreamInfo> {
  const known = await streamInfo(connection, plan.name)
  if (known === null) return addStream(connection, plan)
  const changes = Object.entries(plan).filter(
    ([name, wanted]) =>
      !fixed.has(name) && JSON.stringify(known.config[name as keyof StreamConfig]) !== JSON.stringify(wanted),
  )
  if (changes.length === 0) return known
  const manager = await connection.manager()
  const wanted = { ...known.config, ...Object.fromEntries(changes) }
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
  const manager = await connection.manager()
  try {
    return await connection.retry(`stream ${plan.name} cannot be made`, () =>
      manager.streams.add({ num_replicas: connection.replicas, ...plan }),
    )
  } catch (error) {
    // Another agent made it between our question and our request, with limits of its own version.
    const known = error instanceof ConflictError ? null : await streamInfo(connection, plan.name)
    if (known === null) throw error
    return known
  }
}
