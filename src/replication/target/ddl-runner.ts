/**
 * Runs the source's own statements (DDL) at the target: once each, as they are, in the session state they ran in.
 *
 * The server commits a DDL statement by itself, so it can't share a transaction with the checkpoint. The intent is
 * committed before, the checkpoint moved after; a run that finds an intent finds out what happened (ddl-outcome.ts).
 *
 * Easy to get wrong: the statement's bytes are in the client character set of the source's session and are sent as they
 * are, over a session that nothing else uses.
 */
import { createHash } from 'node:crypto'
import { GtidSet } from '../../binlog/gtid-set.ts'
import { decodeQueryEvent, type QueryEvent } from '../../binlog/query-event.ts'
import { rawEvent } from '../../binlog/raw-event.ts'
import type { Log } from '../../core/log.ts'
import { errnoOf, SqlError } from '../../mysql/errors.ts'
import { parseServerVersion } from '../../mysql/server-version.ts'
import type { Session } from '../../mysql/session.ts'
import { decodeSql } from '../ddl/decode-sql.ts'
import { dialectOf } from '../ddl/dialect-of.ts'
import { parseStatement } from '../ddl/parse-statement.ts'
import type { BinlogPlace, SourceServer } from '../pipe/frame.ts'
import type { DdlIntent } from './checkpoint.ts'
import type { CheckpointChange, CheckpointStore } from './checkpoint-store.ts'
import type { CollationNames } from './collation-names.ts'
import type { CopyStore, TableRename } from './copy-store.ts'
import { fingerprint, isDrop, saysDone } from './ddl-outcome.ts'
import { basicState, specialState } from './ddl-session-state.ts'
import { DdlFailedError } from './errors.ts'
import { quoteName, quoteText } from './sql-text.ts'
import { mayChooseGtid, type TargetFacts } from './target-facts.ts'
import { translateDefinition } from './translate-definition.ts'

export interface DdlParts {
  /** Runs the statements and nothing else. */
  readonly session: Session
  /** Reads and writes the bookkeeping. */
  readonly plain: Session
  readonly checkpoints: CheckpointStore
  readonly copies: CopyStore
  readonly facts: TargetFacts
  readonly collations: CollationNames
  readonly jobId: string
  readonly log: Log
  readonly onNote: (note: string) => void
}

export interface DdlRequest {
  readonly event: Buffer
  /** The source's GTID. */
  readonly gtid: string | null
  readonly place: BinlogPlace
  readonly source: SourceServer
  /** The last one recorded, of whatever statement. */
  readonly intent: DdlIntent | null
  /** The copy is under way: the structure may hold the statement's effect already. */
  readonly isCopying: boolean
  /** Triggers would fire for what SQL writes. */
  readonly withoutTriggers: boolean
  /** The checkpoint after the statement. */
  readonly after: CheckpointChange
}

const shownSqlBytes = 200

export class DdlRunner {
  readonly #parts: DdlParts

  constructor(parts: DdlParts) {
    this.#parts = parts
  }

  /**
   * Runs it, unless an earlier run has, and moves the checkpoint past it.
   *
   * @returns what is recorded now
   * @throws DdlFailedError, StaleOwnerError
   */
  async run(request: DdlRequest): Promise<DdlIntent> {
    const { plain, checkpoints } = this.#parts
    const query = decodeQueryEvent(rawEvent(request.event))
    const text = query.sql.toString('utf8')
    const known = isSameStatement(request.intent, request, query) ? request.intent : null
    const intent = known ?? (await this.#newIntent(query, text, request))
    if (this.#isWanted(text, request) && !(known !== null && (await this.#hasRun(query, text, known)))) {
      if (known === null) await checkpoints.change(plain, { ddlIntent: intent })
      await this.#execute(query, request, intent.ownGtid, known !== null || request.isCopying)
    }
    const done = { ...intent, isDone: true }
    const renames = request.isCopying ? renamesOf(query, request.source) : []
    // A run that begins behind the statement must find what was copied under the names of then.
    if (renames.length > 0) await plain.execute(`BEGIN; ${this.#parts.copies.renameStatements(renames)}`)
    await checkpoints.change(plain, { ...request.after, ddlIntent: done }, renames.length > 0 ? 'COMMIT' : '')
    return done
  }

  #isWanted(text: string, { withoutTriggers }: DdlRequest): boolean {
    if (!withoutTriggers || !isTriggerStatement(text)) return true
    this.#parts.onNote('CREATE TRIGGER is left out while changes are applied as SQL')
    return false
  }

  async #newIntent(query: QueryEvent, text: string, { gtid, place }: DdlRequest): Promise<DdlIntent> {
    return {
      gtid,
      file: place.file,
      offset: place.offset,
      digest: digestOf(query),
      ownGtid: await this.#nextGtid(),
      fingerprint: await fingerprint(this.#parts.plain, query.schema, text),
      isDone: false,
    }
  }

  async #hasRun(query: QueryEvent, text: string, intent: DdlIntent): Promise<boolean> {
    const { plain } = this.#parts
    if (intent.isDone) return true
    if (intent.ownGtid !== null) {
      const [row] = await plain.query(
        `SELECT GTID_SUBSET(${quoteText(intent.ownGtid)}, @@GLOBAL.gtid_executed) AS is_there`,
      )
      if (row?.['is_there'] === '1') return true
    }
    return !isDrop(text) && (await fingerprint(plain, query.schema, text)) !== intent.fingerprint
  }

  /** The next number of the job's own UUID, where the server lets us choose. */
  async #nextGtid(): Promise<string | null> {
    const { facts, plain, jobId } = this.#parts
    if (!mayChooseGtid(facts)) return null
    const uuid = uuidOf(jobId)
    const [row] = await plain.query('SELECT @@GLOBAL.gtid_executed AS executed')
    const executed = GtidSet.parse((row?.['executed'] ?? '').replaceAll('\n', ''))
    for (const entry of executed.entries())
      if (entry.uuid === uuid && entry.tag === '') return `${uuid}:${(entry.ranges.at(-1)?.last ?? 0n) + 1n}`
    return `${uuid}:1`
  }

  async #execute(query: QueryEvent, request: DdlRequest, gtid: string | null, isLenient: boolean): Promise<void> {
    const { session, log } = this.#parts
    await this.#setState(query, request.source)
    if (gtid !== null) await session.execute(`SET SESSION gtid_next = '${gtid}'`)
    try {
      await session.execute(this.#statement(query, request.source))
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === null || !(error instanceof SqlError)) throw error
      if (!isLenient || !saysDone(errno)) throw this.#failure(query, error)
      log.info({ errno }, 'a statement of the source had been executed before')
    } finally {
      if (gtid !== null && session.isOpen) await session.execute("SET SESSION gtid_next = 'AUTOMATIC'")
    }
  }

  async #setState(query: QueryEvent, source: SourceServer): Promise<void> {
    const { session, facts, collations, log } = this.#parts
    await session.execute(basicState(query, source, facts.version, collations))
    for (const statement of specialState(query, source, facts.version, collations))
      await session.execute(statement).catch((error: unknown) => {
        if (errnoOf(error) === null && session.isOpen === false) throw error
        log.debug({ statement }, 'the target did not take a session setting of the source')
      })
    if (query.schema === '') return
    await session.execute(`USE ${quoteName(query.schema)}`).catch((error: unknown) => {
      // CREATE DATABASE may name the default database of a session in which it did not exist yet.
      if (errnoOf(error) !== 1049) throw error
    })
  }

  #statement(query: QueryEvent, source: SourceServer): Buffer {
    const { facts, collations, onNote } = this.#parts
    const text = query.sql.toString('latin1')
    if (!/^[^a-z]*(?:CREATE|ALTER)\b/i.test(text)) return query.sql
    const target = { version: facts.version, collations: collations.names }
    const { sql, notes } = translateDefinition(text, source.vendor, target)
    for (const note of notes) onNote(note)
    return sql === text ? query.sql : Buffer.from(sql, 'latin1')
  }

  #failure(query: QueryEvent, error: SqlError): DdlFailedError {
    const sql = query.sql.toString('utf8', 0, shownSqlBytes)
    return new DdlFailedError(
      `the target ${this.#parts.session.where} refused the source's statement "${sql}": ${error.message}; remove what stands in its way, it is tried again`,
      { cause: error, details: { errno: error.errno } },
    )
  }
}

/** By GTID where there is one: a source that took over has the statement at another place. */
function isSameStatement(
  intent: DdlIntent | null,
  { gtid, place }: DdlRequest,
  query: QueryEvent,
): intent is DdlIntent {
  if (intent === null || intent.digest !== digestOf(query)) return false
  if (gtid !== null || intent.gtid !== null) return gtid === intent.gtid
  return intent.file === place.file && intent.offset === place.offset
}

function renamesOf(query: QueryEvent, source: SourceServer): readonly TableRename[] {
  const text = decodeSql(query.sql, query.session.characterSetClient)
  const statement = parseStatement(text, query.schema, dialectOf(query, parseServerVersion(source.version)))
  if (statement.kind === 'rename-table') return statement.pairs
  if (statement.kind !== 'alter-table' || statement.renameTo === null) return []
  return [{ from: statement.table, to: statement.renameTo }]
}

function digestOf(query: QueryEvent): string {
  return createHash('sha256').update(query.schema).update('\0').update(query.sql).digest('hex')
}

function isTriggerStatement(sql: string): boolean {
  return /^\s*CREATE\b[^(]*?\bTRIGGER\b/is.test(sql)
}

/** A UUID of version 5's form for a job: the same on every run. */
export function uuidOf(jobId: string): string {
  const hex = createHash('sha1').update(`millrace:${jobId}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
