/** Reads the source's log a second time from the start of a file, for what is no longer in memory. */
import { openBinlogStream } from '../../binlog/dump-connection.ts'
import { FileOffset } from '../../binlog/file-offset.ts'
import type { Position } from '../../binlog/position.ts'
import type { RawEvent } from '../../binlog/raw-event.ts'
import { TransactionReader } from '../../binlog/transaction-reader.ts'
import type { ServerEndpoint } from '../task-context.ts'
import type { LogReader } from './prepared-transactions.ts'

/** @param serverId another one than the job's own stream has */
export function logReader(server: ServerEndpoint, serverId: number, signal: AbortSignal): LogReader {
  return async function* (file) {
    const start: Position = { kind: 'file', file, offset: 4 }
    await using stream = await openBinlogStream({ ...server, serverId, start, signal })
    const reader = new TransactionReader(start)
    const place = new FileOffset(start.file, start.offset)
    for (let events = await stream.nextBatch(); events !== null; events = await stream.nextBatch())
      for (const part of reader.read(followed(events, place)))
        yield { part, place: { file: place.file, offset: place.offset } }
  }
}

/** The events, while `place` moves behind each of them as it is read. */
export function* followed(events: readonly RawEvent[], place: FileOffset): Generator<RawEvent> {
  for (const event of events) {
    place.advance(event)
    yield event
  }
}
