/** A statement of the source as the report tells it. */
import { decodeQueryEvent } from '../../binlog/query-event.ts'
import { rawEvent } from '../../binlog/raw-event.ts'
import { decodeSql } from '../ddl/decode-sql.ts'
import { shownSql } from '../ddl/shown-sql.ts'
import type { FrameItem } from '../pipe/frame.ts'
import type { SeenDdl } from '../task-context.ts'

export function describeDdl({ event, committed }: Extract<FrameItem, { kind: 'ddl' }>): Omit<SeenDdl, 'outcome'> {
  const query = decodeQueryEvent(rawEvent(event))
  const at = Number(committed.micros / 1000n)
  return { at, schema: query.schema, sql: shownSql(decodeSql(query.sql, query.session.characterSetClient)) }
}
