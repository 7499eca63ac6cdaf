/**
 * The structure of everything in scope, as it was at a position from which the stream goes on.
 *
 * Easy to get wrong: a statement between the reading of a table's structure and the start position would be in both, or
 * in neither. So the structure is read, then the position, then the structure again, until both readings agree.
 */
import type { Position } from '../../../binlog/position.ts'
import { readCommittedPosition } from '../../../mysql/binlog-place.ts'
import { errnoOf } from '../../../mysql/errors.ts'
import {
  readCreateSchema,
  readCreateTable,
  readCreateView,
  readDefinitions,
  readSchemas,
  readTables,
} from '../../../mysql/schema-reader.ts'
import type { Session } from '../../../mysql/session.ts'
import type { TableDefinition, TableSummary } from '../../../mysql/table-definition.ts'
import type { ObjectFilter } from '../../filter.ts'
import type { StructureObject } from '../../pipe/frame.ts'
import { UnsteadyStructureError } from '../errors.ts'

/** Nothing that stood in a source is refused for being odd, and no engine is replaced by another silently. */
const structureSqlMode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'

export interface SourceStructure {
  readonly schemas: readonly StructureObject[]
  readonly tables: readonly { readonly summary: TableSummary; readonly create: StructureObject }[]
  readonly definitions: readonly TableDefinition[]
  readonly position: Position
}

type Reading = Pick<SourceStructure, 'schemas' | 'tables'>

const mostReadings = 10
const noSuchObject = new Set([1049, 1146, 1356])

/** @throws UnsteadyStructureError when tables change faster than they can be read */
export async function readStructure(
  session: Session,
  filter: ObjectFilter,
  hasGtids: boolean,
): Promise<SourceStructure> {
  let reading = await read(session, filter)
  for (let count = 1; count < mostReadings; count += 1) {
    const definitions = await readDefinitions(
      session,
      reading.tables.map(({ summary }) => summary),
    )
    const position = await readCommittedPosition(session, hasGtids)
    const again = await read(session, filter)
    if (signature(reading) === signature(again)) return { ...reading, definitions, position }
    reading = again
  }
  throw new UnsteadyStructureError(
    `tables on ${session.where} kept being altered while their structure was read; waiting for a quiet moment`,
  )
}

async function read(session: Session, filter: ObjectFilter): Promise<Reading> {
  const names = (await readSchemas(session)).filter((schema) => filter.includesSchema(schema))
  const schemas: StructureObject[] = []
  for (const schema of names) {
    const createSql = await orGone(readCreateSchema(session, schema))
    if (createSql !== null) schemas.push(object('schema', schema, schema, createSql, 'before-rows'))
  }
  const tables: Reading['tables'][number][] = []
  for (const summary of await readTables(session, names)) {
    if (summary.kind !== 'table' || !filter.includesTable(summary.schema, summary.name)) continue
    const createSql = await orGone(readCreateTable(session, summary))
    if (createSql !== null)
      tables.push({ summary, create: object('table', summary.schema, summary.name, createSql, 'before-rows') })
  }
  return { schemas, tables }
}

/** Counters move with every insert and are no change of structure. */
function signature({ schemas, tables }: Reading): string {
  const texts = [...schemas, ...tables.map(({ create }) => create)].map(({ schema, name, createSql }) => [
    schema,
    name,
    createSql.replace(/ AUTO_INCREMENT=\d+/, ''),
  ])
  return JSON.stringify(texts)
}

/** Views in scope, each after those it reads. */
export async function readViews(session: Session, filter: ObjectFilter): Promise<readonly StructureObject[]> {
  const schemas = (await readSchemas(session)).filter((schema) => filter.includesSchema(schema))
  const views: StructureObject[] = []
  for (const summary of await readTables(session, schemas)) {
    if (summary.kind !== 'view' || !filter.includesTable(summary.schema, summary.name)) continue
    const createSql = await orGone(readCreateView(session, summary))
    if (createSql === null) continue
    const repeatable = createSql.replace(/^CREATE /, 'CREATE OR REPLACE ')
    views.push(object('view', summary.schema, summary.name, repeatable, 'after-rows'))
  }
  return inOrderOfUse(views)
}

function inOrderOfUse(views: readonly StructureObject[]): readonly StructureObject[] {
  const ordered = new Set<StructureObject>()
  const add = (view: StructureObject, path: readonly StructureObject[]) => {
    if (ordered.has(view) || path.includes(view)) return
    const used = views.filter((other) => other !== view && view.createSql.includes(qualified(other)))
    for (const other of used) add(other, [...path, view])
    ordered.add(view)
  }
  for (const view of views) add(view, [])
  return [...ordered]
}

function qualified({ schema, name }: StructureObject): string {
  const quote = (text: string) => `\`${text.replaceAll('`', '``')}\``
  return `${quote(schema)}.${quote(name)}`
}

function object(
  kind: StructureObject['kind'],
  schema: string,
  name: string,
  createSql: string,
  when: StructureObject['when'],
): StructureObject {
  return { kind, schema, name, createSql, sqlMode: structureSqlMode, when }
}

/** Null for what was dropped meanwhile, and for views that no longer work. */
async function orGone(reading: Promise<string>): Promise<string | null> {
  try {
    return await reading
  } catch (error) {
    if (noSuchObject.has(errnoOf(error) ?? 0)) return null
    throw error
  }
}
