/** One look at a server: asks question after question, and keeps what it has found when it is cut short. */
import { readCapabilities, type ServerCapabilities } from '../../mysql/capabilities.ts'
import { readAccount } from '../../mysql/grants.ts'
import { readDefinitions, readSchemas, readTables } from '../../mysql/schema-reader.ts'
import { openSession, type Session } from '../../mysql/session.ts'
import { plainState } from '../../mysql/session-state.ts'
import type { TableSummary } from '../../mysql/table-definition.ts'
import { createFilter, type ObjectFilter } from '../filter.ts'
import { pickCopyKey } from '../source/copy/copy-key.ts'
import { readTargetFacts } from '../target/target-facts.ts'
import type { CheckedSchema, CheckedTable, CheckFailure, CheckRequest, ConnectionCheck } from './check-result.ts'
import { type Finding, worstFirst } from './finding.ts'
import {
  type AccountAt,
  lockFindings,
  logPrivilegeFindings,
  readAllFinding,
  scopeFindings,
  tablePrivilegeFindings,
} from './source-privileges.ts'
import { sourceSettingFindings } from './source-settings.ts'
import { engineFindings, keylessFindings, occupiedFindings } from './table-findings.ts'
import { targetDrawbacks, targetErrors } from './target-findings.ts'

/** More are listed nowhere. */
const mostTables = 10_000
/** Shown to whoever decides; none of them is a secret. */
const shownSettings = [
  'server_id',
  'log_bin',
  'binlog_format',
  'binlog_row_image',
  'gtid_mode',
  'read_only',
  'super_read_only',
  'max_allowed_packet',
  'lower_case_table_names',
  'character_set_server',
  'collation_server',
  'default_storage_engine',
]

export class ServerLook {
  readonly #request: CheckRequest
  readonly #connectWithinMs: number
  #session: Session | null = null
  #hasEnded = false
  #facts: Pick<ConnectionCheck, 'vendor' | 'version' | 'account' | 'settings'> = {
    ...{ vendor: null, version: null, account: null },
    settings: {},
  }
  readonly #findings: Finding[] = []
  #schemas: readonly CheckedSchema[] = []
  #hasAllTables = false

  constructor(request: CheckRequest, withinMs: number) {
    this.#request = request
    // The connection's own error says more than that the time is over.
    this.#connectWithinMs = withinMs * 0.9
  }

  get isReachable(): boolean {
    return this.#session !== null
  }

  /** Closes the session; what is under way fails. */
  end(): void {
    this.#hasEnded = true
    this.#session?.destroy()
  }

  found(failure: CheckFailure | null): ConnectionCheck {
    return {
      isReachable: this.isReachable,
      failure,
      ...this.#facts,
      findings: worstFirst(this.#findings),
      schemas: this.#schemas,
      hasAllTables: this.#hasAllTables,
    }
  }

  /** @throws what keeps it from going on, as `openSession` and `Session.query` do */
  async run(): Promise<void> {
    const session = await openSession(this.#request.server, { connectTimeoutMs: this.#connectWithinMs })
    if (this.#hasEnded) {
      session.destroy()
      return
    }
    this.#session = session
    this.#facts = { ...this.#facts, vendor: session.vendor, version: session.version.text }
    await session.execute(plainState)
    const server = await readCapabilities(session)
    const at = { server, account: await readAccount(session) }
    const settings = shownSettings.flatMap((name) => {
      const value = server.variables.get(name)
      return value === undefined ? [] : [[name, value] as const]
    })
    this.#facts = { ...this.#facts, account: at.account, settings: Object.fromEntries(settings) }
    if (this.#request.role === 'source') this.#note(sourceSettingFindings(server), logPrivilegeFindings(at))
    else await this.#lookAtTarget(session, server)
    await this.#lookAtTables(session, at)
  }

  #note(...findings: readonly (readonly Finding[])[]): void {
    this.#findings.push(...findings.flat())
  }

  async #lookAtTarget(session: Session, server: ServerCapabilities): Promise<void> {
    const facts = await readTargetFacts(session)
    const { include, skipsCreation } = this.#request
    const requiresKeys = server.variables.get('sql_require_primary_key')?.toUpperCase() === 'ON'
    const use = { include, skipsCreation }
    this.#note(targetErrors(facts, use), targetDrawbacks(facts, use, requiresKeys))
  }

  async #lookAtTables(session: Session, at: AccountAt & { readonly server: ServerCapabilities }): Promise<void> {
    const { include, exclude, role } = this.#request
    const filter = createFilter({ include, exclude, lowerCaseTableNames: at.server.lowerCaseTableNames })
    const schemas = await readSchemas(session)
    const everything = await readTables(session, schemas)
    const tables = everything.slice(0, mostTables)
    this.#list(schemas, tables, new Map())
    const inScope = everything.filter(({ schema, name }) => filter.includesTable(schema, name))
    const copied = inScope.filter(({ kind }) => kind === 'table')
    if (role === 'target') this.#note(occupiedFindings(copied, at.server.where, this.#request))
    else this.#noteSource(at, schemas, filter, inScope)
    const keys = await this.#readKeys(session, tables)
    this.#list(schemas, tables, keys)
    if (role === 'source') this.#noteKeys(at, copied, keys)
    this.#hasAllTables = everything.length <= mostTables
  }

  #noteSource(at: AccountAt, schemas: readonly string[], filter: ObjectFilter, inScope: readonly TableSummary[]): void {
    const { include } = this.#request
    const seen = schemas.filter((schema) => filter.includesSchema(schema))
    const views = inScope.filter(({ kind }) => kind === 'view')
    const tables = inScope.filter(({ kind }) => kind === 'table')
    this.#note(scopeFindings(at, include, seen), include.length === 0 ? readAllFinding(at, seen) : [])
    this.#note(tablePrivilegeFindings(at, 'SELECT', inScope), tablePrivilegeFindings(at, 'SHOW VIEW', views))
    this.#note(engineFindings(tables, at.server.where))
  }

  #noteKeys(at: AccountAt, copied: readonly TableSummary[], keys: ReadonlyMap<string, boolean>): void {
    const keyless = copied.filter((table) => keys.get(keyOf(table)) === false)
    this.#note(lockFindings(at, at.server.tellsCommits ? keyless : copied), keylessFindings(keyless, at.server.where))
  }

  async #readKeys(session: Session, tables: readonly TableSummary[]): Promise<ReadonlyMap<string, boolean>> {
    const keys = new Map<string, boolean>()
    const definitions = await readDefinitions(
      session,
      tables.filter(({ kind }) => kind === 'table'),
    )
    for (const definition of definitions) keys.set(keyOf(definition), pickCopyKey(definition) !== null)
    return keys
  }

  #list(schemas: readonly string[], tables: readonly TableSummary[], keys: ReadonlyMap<string, boolean>): void {
    const bySchema = Map.groupBy(tables, ({ schema }) => schema)
    this.#schemas = schemas.map((name) => ({
      name,
      tables: (bySchema.get(name) ?? []).map((table) => toChecked(table, keys.get(keyOf(table)) ?? null)),
    }))
  }
}

function toChecked(
  { name, kind, estimatedRows, dataBytes, engine }: TableSummary,
  hasKey: boolean | null,
): CheckedTable {
  return { name, kind, rowsEstimate: estimatedRows, bytes: dataBytes, engine, hasKey }
}

function keyOf({ schema, name }: Pick<TableSummary, 'schema' | 'name'>): string {
  return `${schema}\0${name}`
}
