/** What tables themselves mean for a job. */
import { quoteTable } from '../../mysql/identifier.ts'
import { isTransactionalEngine } from '../../mysql/storage-engine.ts'
import type { TableSummary } from '../../mysql/table-definition.ts'
import { type Finding, listed } from './finding.ts'

/** A cure of more statements is nobody's to paste. */
const mostStatements = 20

/** Tables whose changes a crash leaves half done, at the source and at the target. */
export function engineFindings(tables: readonly TableSummary[], where: string): readonly Finding[] {
  const others = tables.filter(({ engine }) => engine !== '' && !isTransactionalEngine(engine))
  if (others.length === 0) return []
  const names = others.map(({ schema, name, engine }) => `${schema}.${name} (${engine})`)
  const statements = others
    .slice(0, mostStatements)
    .map(({ schema, name }) => `ALTER TABLE ${quoteTable(schema, name)} ENGINE = InnoDB`)
  return [
    {
      severity: 'warning',
      kind: 'table',
      text:
        `engines without transactions on ${where}: ${listed(names)}; what is read or written there while something ` +
        'fails may be applied twice, by key',
      advice: 'make them InnoDB where the application allows it',
      cureSql: statements.join(';\n'),
      cureConfig: null,
    },
  ]
}

/** Tables of which a row can't be told from another one. */
export function keylessFindings(tables: readonly TableSummary[], where: string): readonly Finding[] {
  if (tables.length === 0) return []
  return [
    {
      severity: 'warning',
      kind: 'table',
      text:
        `no primary or unique key that can be used on ${where}: ${listed(tables.map(nameOf))}; each is copied whole, under a ` +
        'lock of milliseconds, a copy that is interrupted begins anew with it, and every change looks through the whole table',
      advice: 'give each a primary key of whole numbers or texts',
      cureSql: null,
      cureConfig: null,
    },
  ]
}

/** Tables that are at the target before the copy. */
export function occupiedFindings(
  tables: readonly TableSummary[],
  where: string,
  { include, skipsCreation }: { readonly include: readonly unknown[]; readonly skipsCreation: boolean },
): readonly Finding[] {
  // Without knowing what is to come nothing can be said of what is there.
  if (include.length === 0 || skipsCreation || tables.length === 0) return []
  return [
    {
      severity: 'warning',
      kind: 'table',
      text: `already at the target ${where}: ${listed(tables.map(nameOf))}; the copy stops at a table that holds rows or is not as at the source`,
      advice: 'empty them, choose to drop them before the copy (DropTableIfExists), or choose another target',
      cureSql: null,
      cureConfig: null,
    },
  ]
}

function nameOf({ schema, name }: TableSummary): string {
  return `${schema}.${name}`
}
