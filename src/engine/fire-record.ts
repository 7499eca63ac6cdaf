/**
 * What a message on `fires.at` says in its headers: the term that wrote it and the second it is about.
 *
 * Easy to get wrong: a record of a term is about no second of its own; it carries that of the message before it, so that
 * a second can be found by halving.
 */
import type { NextMsgRequest, SeqMsgRequest, StoredMsg } from '@nats-io/jetstream'
import { headers, type MsgHdrs } from '@nats-io/nats-core'
import type { Connection } from './connection.ts'
import { isStreamMissing } from './nats-errors.ts'

export const fireStream = 'FIRES'
export const timedFires = 'fires.at'

const termName = 'Millrace-Term'
const secondName = 'Millrace-Second'
const what = 'the record of fires cannot be read'

export function fireHeaders(term: number, second: number): MsgHdrs {
  const made = headers()
  made.set(termName, String(term))
  made.set(secondName, String(second))
  return made
}

export function termHeader(found: MsgHdrs | undefined): number {
  return Number(found?.get(termName) ?? 0)
}

export function secondHeader(found: MsgHdrs | undefined): number {
  return Number(found?.get(secondName) ?? 0)
}

/** The last timed fire or term, or null when there is none. */
export async function lastTimedFire(connection: Connection): Promise<StoredMsg | null> {
  const manager = await connection.manager()
  return connection.retry(what, () => manager.streams.getMessage(fireStream, { last_by_subj: timedFires }))
}

/** The term that wrote last; 0 when none did, or nothing was ever recorded here. */
export async function lastFireTerm(connection: Connection): Promise<number> {
  try {
    return termHeader((await lastTimedFire(connection))?.header)
  } catch (error) {
    if (isStreamMissing(error)) return 0
    throw error
  }
}

/** The sequence where seconds after `second` begin. Halving asks 20 questions for a million records. */
export async function findSecond(connection: Connection, second: number): Promise<number> {
  const manager = await connection.manager()
  const { state } = await connection.retry(what, () => manager.streams.info(fireStream))
  let low = Math.max(1, state.first_seq)
  let high = state.last_seq + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const query: SeqMsgRequest & NextMsgRequest = { seq: middle, next_by_subj: timedFires }
    const found = await connection.retry(what, () => manager.streams.getMessage(fireStream, query))
    if (found === null || secondHeader(found.header) > second) high = middle
    else low = found.seq + 1
  }
  return low
}
