/**
 * Row statements of one transaction, sent many to a packet, each held to the number of rows it must touch.
 *
 * Easy to get wrong: the server's answer sums the counts of a packet. No statement here can touch more rows than it is
 * expected to, so an equal sum means that each touched exactly its own.
 */
import type { Session } from '../../mysql/session.ts'
import { executeWriting } from './checked-execute.ts'
import { RowMissingError } from './errors.ts'
import { describeFailure } from './row-failure.ts'
import { SqlText } from './sql-text.ts'

export interface RowStatement {
  readonly sql: Buffer
  /** Rows it must touch; null: any number will do. */
  readonly expected: number | null
  readonly enumZeros: number
  readonly checksForeignKeys: boolean
  /** `schema`.`table`, for messages. */
  readonly table: string
  /** The key of its first row, for messages. */
  readonly key: () => string
}

export class StatementBatch {
  readonly #session: Session
  readonly #limitBytes: number
  readonly #text = new SqlText(64 * 1024)
  #statements: RowStatement[] = []
  #checksForeignKeys = false

  /** @param limitBytes a packet is sent once it is this long; 1: each statement alone, so that an error names its row */
  constructor(session: Session, limitBytes: number) {
    this.#session = session
    this.#limitBytes = limitBytes
  }

  /** Adds a statement; sends when there is enough. @throws as `flush` */
  async add(statement: RowStatement): Promise<void> {
    await this.checkForeignKeys(statement.checksForeignKeys)
    if (statement.enumZeros > 0) {
      await this.flush()
      await this.#sendAlone(statement)
      return
    }
    if (this.#text.length > 0) this.#text.add(';')
    this.#text.addBytes(statement.sql)
    this.#statements.push(statement)
    if (this.#text.length >= this.#limitBytes) await this.flush()
  }

  /** From here on the server checks foreign keys, and cascades, or does not. */
  async checkForeignKeys(isOn: boolean): Promise<void> {
    if (isOn === this.#checksForeignKeys) return
    await this.flush()
    await this.#session.execute(`SET SESSION foreign_key_checks = ${isOn ? 1 : 0}`)
    this.#checksForeignKeys = isOn
  }

  /** Sends what waits. @throws RowMissingError, ValueChangedError, or the server's error with the table and key named */
  async flush(): Promise<void> {
    if (this.#statements.length === 0) return
    const statements = this.#statements
    const sql = this.#text.toBuffer()
    this.#statements = []
    this.#text.clear()
    const { affectedRows } = await executeWriting(this.#session, { sql, enumZeros: 0 }).catch((error: unknown) => {
      throw describeFailure(error, statements)
    })
    this.#holdTo(statements, affectedRows)
  }

  async #sendAlone(statement: RowStatement): Promise<void> {
    const { affectedRows } = await executeWriting(this.#session, statement).catch((error: unknown) => {
      throw describeFailure(error, [statement])
    })
    this.#holdTo([statement], affectedRows)
  }

  #holdTo(statements: readonly RowStatement[], affectedRows: number): void {
    if (statements.some((statement) => statement.expected === null)) return
    const expected = statements.reduce((sum, statement) => sum + (statement.expected ?? 0), 0)
    if (affectedRows === expected) return
    const [first] = statements
    const where =
      statements.length === 1 ? `table ${first?.table} with ${first?.key()}` : `table ${first?.table} or near it`
    throw new RowMissingError(
      `the source changed a row of ${where} that the target ${this.#session.where} does not have (${affectedRows} of ${expected} rows found); ` +
        'something else wrote to the target: put the row back as it was at the source, or copy the table again',
      { details: { isExact: statements.length === 1 } },
    )
  }
}
