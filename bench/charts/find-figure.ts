/** Looking up what a run has measured. */
import type { ToldFigure } from '../figures.ts'
import type { Results } from '../tell-results.ts'

/** The figure of a benchmark whose name is this, or null when the run has none. */
export function figureOf({ results }: Results, benchmark: string, measure: string): ToldFigure | null {
  const result = results.find((one) => one.benchmark === benchmark)
  return result?.figures.find((figure) => figure.measure === measure) ?? null
}

export const kinds = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11'] as const

export const kindNames: Readonly<Record<(typeof kinds)[number], string>> = {
  'mysql-9.7': 'MySQL 9.7',
  'mysql-5.6': 'MySQL 5.6',
  'mariadb-10.11': 'MariaDB 10.11',
}
