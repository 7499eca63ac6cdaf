/** Rows changed in large transactions, by one statement each. */
import { Random } from '../../scripts/demo/random.ts'
import type { TestServer } from '../../test/harness/mysql-servers.ts'

export const bulkSchema = 'bulk'

export type BulkWork = 'insert' | 'update' | 'delete'

export const bulkWorks: readonly BulkWork[] = ['insert', 'update', 'delete']

export interface BulkSize {
  readonly rows: number
  readonly rowsPerTransaction: number
}

/** Rows as sysbench's: about 190 bytes, with an index beside the key. */
const columns = `id INT NOT NULL PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, KEY k (k)`
/** Outside of what is replicated; a native replica has it before the first backlog. */
const seedTable = 'bulk_seed.item'
const table = `${bulkSchema}.item`

/** Creates the empty table, and as many rows beside it as one transaction inserts. */
export async function createBulkTable(source: TestServer, { rowsPerTransaction }: BulkSize): Promise<void> {
  await source.query(
    `CREATE DATABASE bulk_seed; CREATE DATABASE ${bulkSchema};
     CREATE TABLE ${seedTable} (${columns}) ENGINE=InnoDB; CREATE TABLE ${table} (${columns}) ENGINE=InnoDB`,
  )
  const random = new Random(1)
  const digits = (length: number) => Array.from({ length }, () => random.between(0, 9)).join('')
  const rowsAtOnce = 1_000
  for (let row = 0; row < rowsPerTransaction; row += rowsAtOnce) {
    const rows = Array.from(
      { length: Math.min(rowsAtOnce, rowsPerTransaction - row) },
      (_, index) => `(${row + index}, ${random.between(1, 1_000_000)}, '${digits(119)}', '${digits(59)}')`,
    )
    await source.query(`INSERT INTO ${seedTable} VALUES ${rows.join(',')}`)
  }
}

/** Does it to all rows. */
export async function changeInBulk(source: TestServer, work: BulkWork, size: BulkSize): Promise<void> {
  const { rows, rowsPerTransaction } = size
  for (let first = 0; first < rows; first += rowsPerTransaction) {
    const count = Math.min(rowsPerTransaction, rows - first)
    await source.query(statementOf(work, first, count))
  }
}

function statementOf(work: BulkWork, first: number, count: number): string {
  const range = `id BETWEEN ${first} AND ${first + count - 1}`
  switch (work) {
    case 'insert':
      return `INSERT INTO ${table} SELECT id + ${first}, k, c, pad FROM ${seedTable} WHERE id < ${count}`
    case 'update':
      return `UPDATE ${table} SET k = k + 1, pad = REVERSE(pad) WHERE ${range}`
    case 'delete':
      return `DELETE FROM ${table} WHERE ${range}`
  }
}
