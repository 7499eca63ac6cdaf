/**
 * What a user may do, read from SHOW GRANTS, so that a missing privilege is named before anything is begun.
 *
 * Easy to get wrong: a schema in a grant is a pattern (`%`, `_`, with backslash), and ALL PRIVILEGES on a schema does not
 * hold the privileges that exist only globally.
 */
import { quoteName, quoteText } from './identifier.ts'
import type { Session } from './session.ts'

interface Grant {
  readonly privileges: ReadonlySet<string>
  /** Null: all. */
  readonly schemaPattern: string | null
  readonly table: string | null
}

export interface Grants {
  /** True when the privilege, in the server's upper-case spelling, is held globally. */
  hasGlobal(privilege: string): boolean
  /** True when the privilege is held for this table, or for the whole schema when `table` is null. */
  hasOn(privilege: string, schema: string, table: string | null): boolean
  /**
   * The whole schema, quoted for a further GRANT. Of several grants whose patterns match a schema the server heeds one
   * alone, so the new privilege must go to the pattern that is there.
   */
  placeOf(schema: string): string
}

/** The account that the server took the session's user for, quoted as GRANT wants it. */
export async function readAccount(session: Session): Promise<string> {
  const [row] = await session.query('SELECT CURRENT_USER() AS account')
  const account = row?.account ?? ''
  const at = account.lastIndexOf('@')
  return `${quoteText(account.slice(0, at))}@${quoteText(account.slice(at + 1))}`
}

/** Reads the session user's privileges, with those of its active roles. */
export async function readGrants(session: Session): Promise<Grants> {
  const rows = await session.query(await showGrants(session))
  return parseGrants(rows.map((row) => Object.values(row)[0] ?? ''))
}

async function showGrants(session: Session): Promise<string> {
  if (session.vendor !== 'mysql' || session.version.major < 8) return 'SHOW GRANTS'
  const [row] = await session.query('SELECT CURRENT_ROLE() AS roles')
  const roles = row?.roles ?? 'NONE'
  return roles === 'NONE' ? 'SHOW GRANTS' : `SHOW GRANTS FOR CURRENT_USER() USING ${roles}`
}

const grantPattern = /^GRANT (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)*`)\.(\*|`(?:[^`]|``)*`) TO /

/** Reads the texts that SHOW GRANTS gives; others than table privileges are ignored. */
export function parseGrants(texts: readonly string[]): Grants {
  const grants: Grant[] = []
  for (const text of texts) {
    const match = grantPattern.exec(text)
    if (match === null) continue
    const [, privileges = '', schema = '', table = ''] = match
    grants.push({
      privileges: parsePrivileges(privileges),
      schemaPattern: schema === '*' ? null : unquote(schema),
      table: table === '*' ? null : unquote(table),
    })
  }
  return {
    hasGlobal: (privilege) => grants.some((grant) => grant.schemaPattern === null && holds(grant, privilege)),
    hasOn: (privilege, schema, table) =>
      grants.some(
        (grant) =>
          holds(grant, privilege) &&
          (grant.schemaPattern === null || matchesSchema(grant, schema)) &&
          (grant.table === null || grant.table === table),
      ),
    placeOf: (schema) => {
      const held = grants.find(
        (grant) => grant.schemaPattern !== null && grant.table === null && matchesSchema(grant, schema),
      )
      return `${quoteName(held?.schemaPattern ?? schema)}.*`
    },
  }
}

/** Privileges for single columns are left out: they are too little for a table. */
function parsePrivileges(text: string): ReadonlySet<string> {
  const whole = text.replaceAll(/[A-Z ]+ \([^)]*\)/g, '')
  return new Set(whole.split(',').map((privilege) => privilege.trim()))
}

function holds(grant: Grant, privilege: string): boolean {
  return grant.privileges.has(privilege) || grant.privileges.has('ALL PRIVILEGES') || grant.privileges.has('ALL')
}

function matchesSchema(grant: Grant, schema: string): boolean {
  if (grant.schemaPattern === null) return true
  // A grant for a table names its schema as it is; one for a schema is a pattern.
  if (grant.table !== null) return grant.schemaPattern === schema
  return likeExpression(grant.schemaPattern).test(schema)
}

function likeExpression(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\[%_\\]|[%_]|[^\\%_]+|\\/g, (part) => {
    if (part === '%') return '.*'
    if (part === '_') return '.'
    const literal = part.length === 2 && part.startsWith('\\') ? part.slice(1) : part
    return literal.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${source}$`, 's')
}

function unquote(name: string): string {
  return name.slice(1, -1).replaceAll('``', '`')
}
