/**
 * What a leader leaves to the next one, so that it need not read days of both logs: one record, packed.
 *
 * Easy to get wrong: the sequences say up to where each log is in. What a snapshot holds and what is read again after it
 * overlap harmlessly; a gap between them would lose an execution for good.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { OpenState } from './open-executions.ts'
import type { PendingRetry } from './retry-plan.ts'

export interface OpenSnapshot extends OpenState {
  readonly retries: readonly PendingRetry[]
}

/** As it is stored. */
export interface SnapshotRecord {
  readonly term: number
  /** Every fire up to this sequence of the fire log is in. */
  readonly firesThrough: number
  /** Every execution up to this sequence of the execution log is in. */
  readonly executionsThrough: number
  /** An `OpenSnapshot` as JSON, deflated, in base64. */
  readonly packed: string
}

/** Leaves room in a message of a megabyte, which any NATS server takes. */
const longestPacked = 900_000

/** @returns null when it is more than one record can hold; then the last one stays, and more is read after it */
export function packSnapshot(snapshot: OpenSnapshot): string | null {
  const packed = deflateRawSync(JSON.stringify(snapshot), { level: 1 }).toString('base64')
  return packed.length > longestPacked ? null : packed
}

export function unpackSnapshot(packed: string): OpenSnapshot {
  return JSON.parse(inflateRawSync(Buffer.from(packed, 'base64')).toString('utf8')) as OpenSnapshot
}
