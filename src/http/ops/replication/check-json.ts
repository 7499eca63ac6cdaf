/** What a connection check found. Nothing here has ever seen a password. */
import type { CheckedSchema, ConnectionCheck } from '../../../replication/preflight/check-result.ts'
import type { Finding } from '../../../replication/preflight/finding.ts'

/** @param checkedFrom the node that connected */
export function checkJson(found: ConnectionCheck, checkedFrom: string): object {
  return {
    reachable: found.isReachable,
    error: found.failure?.text ?? null,
    error_kind: found.failure?.kind ?? null,
    checked_from: checkedFrom,
    vendor: found.vendor,
    version: found.version,
    account: found.account,
    settings: found.settings,
    findings: found.findings.map(findingJson),
    schemas: found.schemas.map(schemaJson),
    has_all_tables: found.hasAllTables,
  }
}

function findingJson({ severity, text, advice, cureSql, cureConfig }: Finding): object {
  return { severity, text: `${text}; ${advice}`, cure_sql: cureSql, cure_config: cureConfig }
}

function schemaJson({ name, tables }: CheckedSchema): object {
  return {
    name,
    tables: tables.map((table) => ({
      name: table.name,
      kind: table.kind,
      rows_estimate: table.rowsEstimate,
      bytes: table.bytes,
      engine: table.engine,
      has_key: table.hasKey,
    })),
  }
}
