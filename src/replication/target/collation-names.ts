/** The target's collations by id and name. Ids agree within a vendor; up to 247 the vendors share them. */
import type { Session } from '../../mysql/session.ts'

export interface Collation {
  readonly name: string
  readonly characterSet: string
}

export class CollationNames {
  readonly #byId: ReadonlyMap<number, Collation>
  readonly names: ReadonlySet<string>

  constructor(byId: ReadonlyMap<number, Collation>, names: ReadonlySet<string>) {
    this.#byId = byId
    this.names = names
  }

  /** What an id of the source means here; utf8mb4's general collation for ids that the target lacks. */
  get(id: number): Collation {
    return this.#byId.get(id) ?? { name: 'utf8mb4_general_ci', characterSet: 'utf8mb4' }
  }
}

/** @throws what `Session.query` throws */
export async function readCollationNames(session: Session): Promise<CollationNames> {
  const byId = new Map<number, Collation>()
  const names = new Set<string>()
  const rows = await session.query(
    'SELECT ID AS id, COLLATION_NAME AS name, CHARACTER_SET_NAME AS charset FROM information_schema.COLLATIONS',
  )
  for (const row of rows) {
    const [name, characterSet] = [row['name'] ?? '', row['charset'] ?? '']
    if (characterSet === '') continue
    names.add(name)
    if (row['id'] != null) byId.set(Number(row['id']), { name, characterSet })
  }
  if (session.vendor === 'mariadb') await addFullNames(session, byId, names)
  return new CollationNames(byId, names)
}

/** MariaDB 10.10 lists collations of several character sets once, without the set; this view has all full names. */
async function addFullNames(session: Session, byId: Map<number, Collation>, names: Set<string>): Promise<void> {
  const columns = await session.query(
    `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema'
       AND TABLE_NAME = 'COLLATION_CHARACTER_SET_APPLICABILITY' AND COLUMN_NAME = 'FULL_COLLATION_NAME'`,
  )
  if (columns.length === 0) return
  const rows = await session.query(
    `SELECT ID AS id, FULL_COLLATION_NAME AS name, CHARACTER_SET_NAME AS charset
     FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY`,
  )
  for (const row of rows) {
    const [name, characterSet] = [row['name'] ?? '', row['charset'] ?? '']
    names.add(name)
    if (row['id'] != null) byId.set(Number(row['id']), { name, characterSet })
  }
}
