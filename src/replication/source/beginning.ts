/** Where a run begins and what it says first, from what the target has. */
import type { Position } from '../../binlog/position.ts'
import type { ServerCapabilities } from '../../mysql/capabilities.ts'
import { readDefinitions, readTables } from '../../mysql/schema-reader.ts'
import type { Session } from '../../mysql/session.ts'
import type { ObjectFilter } from '../filter.ts'
import type { ResumePoint } from '../handshake.ts'
import type { FrameItem } from '../pipe/frame.ts'
import { CopyTables } from './copy/copy-tables.ts'
import { readStructure } from './copy/structure-reader.ts'
import { positionOfGtids } from './start-position.ts'

export interface Beginning {
  readonly position: Position
  /** Null: nothing to copy, or no longer. */
  readonly tables: CopyTables | null
  /** True when nothing of the copy is at the target and `position` is the source's own of now. */
  readonly isFresh: boolean
  readonly items: readonly FrameItem[]
}

export interface BeginningFacts {
  readonly from: ResumePoint
  readonly control: Session
  readonly server: ServerCapabilities
  readonly filter: ObjectFilter
  /** The job's own start, instead of a copy. */
  readonly gtid: string | null
}

/** @throws UnsteadyStructureError, InvalidPositionError, ServerSettingError */
export async function findBeginning({ from, control, server, filter, gtid }: BeginningFacts): Promise<Beginning> {
  if (from.kind === 'streaming') return { position: from.position, tables: null, isFresh: false, items: [] }
  // Without any table the run before ended between the structure and the list of tables: nothing was copied.
  if (from.kind === 'copying' && from.tables.length > 0) {
    const schemas = [...new Set(from.tables.map(({ schema }) => schema))]
    const summaries = await readTables(control, schemas)
    const names = from.tables.map(({ schema, table }) => ({ schema, name: table }))
    return {
      position: from.position,
      tables: CopyTables.resumed(from.tables, summaries, await readDefinitions(control, names)),
      isFresh: false,
      items: [],
    }
  }
  if (gtid !== null && gtid !== '')
    return { position: positionOfGtids(gtid, server), tables: null, isFresh: false, items: [{ kind: 'copied' }] }
  const structure = await readStructure(control, filter, server.hasGtids)
  const objects = [...structure.schemas, ...structure.tables.map(({ create }) => create)]
  return {
    position: structure.position,
    tables: CopyTables.fresh(structure),
    isFresh: true,
    items: objects.map((object) => ({ kind: 'structure', object })),
  }
}
