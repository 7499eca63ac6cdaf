/**
 * Compares what two servers hold: every table of a scope, several at once.
 *
 * Easy to get wrong: a comparison reads all rows of both servers, but in many short statements, so it holds up no purge
 * and no DDL. Only `live` makes it right while writes go on.
 */
import { systemClock } from '../../core/clock.ts'
import { Scope } from '../../core/scope.ts'
import type { SchemaFilter } from '../../model/replication-job.ts'
import { readCapabilities, type ServerCapabilities } from '../../mysql/capabilities.ts'
import { errnoOf } from '../../mysql/errors.ts'
import { readDefinitions, readSchemas, readTables } from '../../mysql/schema-reader.ts'
import { openSession, type Session } from '../../mysql/session.ts'
import { copyingState, plainState } from '../../mysql/session-state.ts'
import type { TableName, TableSummary } from '../../mysql/table-definition.ts'
import { createFilter, type ObjectFilter } from '../filter.ts'
import type { ServerEndpoint } from '../task-context.ts'
import { compareTable, nothingFound } from './compare-table.ts'
import type { Comparison, TableComparison } from './comparison.ts'
import type { LiveTarget } from './live-target.ts'

export interface CompareServersOptions {
  readonly source: ServerEndpoint
  readonly target: ServerEndpoint
  /** As a job's: empty means all user schemas. */
  readonly include: readonly SchemaFilter[]
  readonly exclude: readonly SchemaFilter[]
  /** Where the target still gets changes; null when nothing changes on either server. */
  readonly live: LiveTarget | null
  /** Tables at once, each with one session on either server. Default 2. */
  readonly parallel?: number
  /** Of the source's rows that are compared by one digest. Default 8 MiB. */
  readonly partBytes?: number
  /** Differing rows that are told of each table. Default 10. */
  readonly mostRowsTold?: number
  onProgress?(progress: CompareProgress): void
  readonly signal: AbortSignal
}

export interface CompareProgress {
  readonly table: TableName
  readonly rowsDone: number
  /** The source's estimate. */
  readonly rowsTotal: number
  /** Null while it is being compared. */
  readonly comparison: TableComparison | null
}

const defaults = { parallel: 2, partBytes: 8 * 1024 * 1024, mostRowsTold: 10 }

/**
 * Compares all tables of the scope; views and sequences are not compared.
 *
 * @throws as `openSession` and `Session.query`; InvalidError for a pattern that is none; the signal's reason
 */
export async function compareServers(options: CompareServersOptions): Promise<Comparison> {
  const startedMs = systemClock.monotonicMs()
  await using scope = new Scope()
  const [source, target] = await Promise.all([openSide(scope, options.source), openSide(scope, options.target)])
  const pairs = await pairTables(source, target, options)
  const found: TableComparison[] = []
  const waiting = [...pairs]
  const work = async () => {
    await using workers = new Scope()
    const sessions = {
      source: await openReader(workers, options.source),
      target: await openReader(workers, options.target),
    }
    // A long statement is not waited for when nobody wants its answer any more.
    const drop = () => {
      sessions.source.destroy()
      sessions.target.destroy()
    }
    options.signal.addEventListener('abort', drop, { once: true })
    workers.defer(() => options.signal.removeEventListener('abort', drop))
    for (let pair = waiting.shift(); pair !== undefined; pair = waiting.shift()) {
      options.signal.throwIfAborted()
      const comparison = await comparePair(pair, { source, target, sessions, options })
      found.push(comparison)
      const rowsTotal = comparison.source?.rows ?? comparison.target?.rows ?? 0
      options.onProgress?.({ table: comparison.table, rowsDone: rowsTotal, rowsTotal, comparison })
    }
  }
  const count = Math.min(options.parallel ?? defaults.parallel, Math.max(1, pairs.length))
  await allOrFirstFailure(Array.from({ length: count }, work), () => waiting.splice(0)).catch((error: unknown) => {
    options.signal.throwIfAborted()
    throw error
  })
  const tables = found.toSorted((a, b) => compareNames(a.table, b.table))
  const isEqual = tables.every(({ verdict }) => verdict === 'equal')
  return { tables, isEqual, durationMs: systemClock.monotonicMs() - startedMs }
}

interface OpenSide {
  /** In `plainState`. */
  readonly control: Session
  readonly server: ServerCapabilities
}

async function openSide(scope: Scope, endpoint: ServerEndpoint): Promise<OpenSide> {
  const control = scope.use(await openSession(endpoint), (opened) => opened.close())
  await control.execute(plainState)
  return { control, server: await readCapabilities(control) }
}

/** Short statements only, so nobody has to be patient; dropped at the end, because a long one may be under way. */
async function openReader(scope: Scope, endpoint: ServerEndpoint): Promise<Session> {
  const session = scope.use(await openSession(endpoint), (opened) => opened.destroy())
  await session.execute(copyingState)
  return session
}

interface TablePair {
  readonly source: TableSummary | null
  readonly target: TableSummary | null
}

async function pairTables(
  source: OpenSide,
  target: OpenSide,
  { include, exclude }: CompareServersOptions,
): Promise<readonly TablePair[]> {
  const isFolded = source.server.lowerCaseTableNames !== 0 || target.server.lowerCaseTableNames !== 0
  const filter = createFilter({ include, exclude, lowerCaseTableNames: isFolded ? 1 : 0 })
  const [here, there] = await Promise.all([tablesOf(source, filter), tablesOf(target, filter)])
  const nameOf = ({ schema, name }: TableName) => {
    const text = JSON.stringify([schema, name])
    return isFolded ? text.toLowerCase() : text
  }
  const targets = new Map(there.map((table) => [nameOf(table), table]))
  const pairs: TablePair[] = here.map((table) => ({ source: table, target: targets.get(nameOf(table)) ?? null }))
  const known = new Set(here.map(nameOf))
  for (const table of there) if (!known.has(nameOf(table))) pairs.push({ source: null, target: table })
  // What takes longest comes first, so that the workers end together.
  return pairs.toSorted((a, b) => (b.source?.dataBytes ?? 0) - (a.source?.dataBytes ?? 0))
}

async function tablesOf({ control }: OpenSide, filter: ObjectFilter): Promise<readonly TableSummary[]> {
  const schemas = (await readSchemas(control)).filter((schema) => filter.includesSchema(schema))
  const tables = await readTables(control, schemas)
  return tables.filter(({ kind, schema, name }) => kind === 'table' && filter.includesTable(schema, name))
}

interface PairContext {
  readonly source: OpenSide
  readonly target: OpenSide
  readonly sessions: { readonly source: Session; readonly target: Session }
  readonly options: CompareServersOptions
}

/** No such table, no such column, table definition changed. */
const ddlErrors = new Set([1146, 1054, 1412, 1051, 1176])

async function comparePair(pair: TablePair, context: PairContext): Promise<TableComparison> {
  const { options } = context
  for (let tries = 1; ; tries += 1) {
    try {
      return await compareOnce(pair, context)
    } catch (error) {
      if (!ddlErrors.has(errnoOf(error) ?? 0) || tries > 2) throw error
      // A statement changed the table while it was compared: once the target has that too, it is compared anew.
      await options.live?.caughtUp(options.signal)
    }
  }
}

async function compareOnce(pair: TablePair, context: PairContext): Promise<TableComparison> {
  const { options, sessions } = context
  const name = pair.source ?? pair.target ?? { schema: '', name: '' }
  const [here, there] = await Promise.all([
    definitionOf(context.source, pair.source ?? name),
    definitionOf(context.target, pair.target ?? name),
  ])
  if (here === null && there === null) return nothingFound(name)
  if (here === null) return { ...nothingFound(name), verdict: 'only-target' }
  if (there === null) return { ...nothingFound(name), verdict: 'only-source' }
  const rowsTotal = pair.source?.estimatedRows ?? 0
  const onRows = (rowsDone: number) =>
    options.onProgress?.({ table: here, rowsDone, rowsTotal: Math.max(rowsTotal, rowsDone), comparison: null })
  return compareTable(
    {
      source: { session: sessions.source, definition: here },
      target: { session: sessions.target, definition: there },
      averageRowBytes: pair.source?.averageRowBytes ?? 0,
      estimatedRows: rowsTotal,
    },
    {
      live: options.live,
      mostRowsTold: options.mostRowsTold ?? defaults.mostRowsTold,
      partBytes: options.partBytes ?? defaults.partBytes,
      onRows,
      signal: options.signal,
    },
  )
}

async function definitionOf({ control }: OpenSide, table: TableName) {
  return (await readDefinitions(control, [table]))[0] ?? null
}

/** One worker's failure lets the others end at their next table before it is thrown. */
async function allOrFirstFailure(running: readonly Promise<void>[], giveUp: () => void): Promise<void> {
  for (const worker of running) worker.catch(giveUp)
  const results = await Promise.allSettled(running)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

function compareNames(a: TableName, b: TableName): number {
  const [left, right] = [`${a.schema}\0${a.name}`, `${b.schema}\0${b.name}`]
  if (left === right) return 0
  return left < right ? -1 : 1
}
