/**
 * Row statements of one transaction, sent many to a packet, each held to the number of rows it must touch.
 *
 * While the server works on one packet the next is built; it is sent when the answer has come.
 *
 * Easy to get wrong: the server's answer sums the counts of a packet. No statement here can touch more rows than it is
 * expected to, so an equal sum means that each touched exactly its own.
 */
import type { Session } from '../../mysql/session.ts'
import { executeWriting, refuseTooLarge } from './checked-execute.ts'
import { RowMissingError } from './errors.ts'
import { describeFailure } from './row-failure.ts'
import { SqlText } from './sql-text.ts'

export interface RowStatement {
  /** Copied, or sent and answered, when `add` resolves. */
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
  readonly #maxPacketBytes: number
  #text = new SqlText(64 * 1024)
  /** Holds the packet that is under way. */
  #sent = new SqlText(64 * 1024)
  #statements: RowStatement[] = []
  #checksForeignKeys = false
  #underWay: Promise<void> | null = null

  /**
   * @param limitBytes a packet is sent once it is this long; 1: each statement alone, so that an error names its row
   * @param maxPacketBytes the server's max_allowed_packet
   */
  constructor(session: Session, limitBytes: number, maxPacketBytes: number) {
    this.#session = session
    this.#limitBytes = limitBytes
    this.#maxPacketBytes = maxPacketBytes
  }

  /** Adds a statement; sends when there is enough. @throws as `settle` */
  async add(statement: RowStatement): Promise<void> {
    refuseTooLarge(statement.sql.length, this.#maxPacketBytes, statement.table, this.#session.where)
    await this.checkForeignKeys(statement.checksForeignKeys)
    if (this.#text.length + statement.sql.length >= this.#maxPacketBytes) await this.#send()
    if (statement.enumZeros > 0) {
      await this.settle()
      await this.#sendAlone(statement)
      return
    }
    if (this.#text.length > 0) this.#text.add(';')
    this.#text.addBytes(statement.sql)
    this.#statements.push(statement)
    if (this.#text.length >= this.#limitBytes) await this.#send()
  }

  /** From here on the server checks foreign keys, and cascades, or does not. */
  async checkForeignKeys(isOn: boolean): Promise<void> {
    if (isOn === this.#checksForeignKeys) return
    await this.settle()
    await this.#session.execute(`SET SESSION foreign_key_checks = ${isOn ? 1 : 0}`)
    this.#checksForeignKeys = isOn
  }

  /**
   * Sends what waits, and waits for every answer.
   * @throws RowMissingError, ValueChangedError, or the server's error with the table and key named
   */
  async settle(): Promise<void> {
    await this.#send()
    await this.#answered()
  }

  /** Sends what waits once the packet before is answered. @throws what that one met */
  async #send(): Promise<void> {
    await this.#answered()
    if (this.#statements.length === 0) return
    const statements = this.#statements
    const sql = this.#text.view()
    this.#statements = []
    this.#swapTexts()
    this.#underWay = this.#run(statements, sql)
    // Whoever waits for it next gets the failure.
    this.#underWay.catch(() => {})
  }

  #swapTexts(): void {
    const free = this.#sent
    this.#sent = this.#text
    this.#text = free
    free.clear()
  }

  async #answered(): Promise<void> {
    const underWay = this.#underWay
    this.#underWay = null
    await underWay
  }

  async #run(statements: readonly RowStatement[], sql: Buffer): Promise<void> {
    const { affectedRows } = await executeWriting(this.#session, { sql, enumZeros: 0 }).catch((error: unknown) => {
      throw describeFailure(error, statements, isExact(statements))
    })
    this.#holdTo(statements, affectedRows)
  }

  async #sendAlone(statement: RowStatement): Promise<void> {
    const { affectedRows } = await executeWriting(this.#session, statement).catch((error: unknown) => {
      throw describeFailure(error, [statement], isExact([statement]))
    })
    this.#holdTo([statement], affectedRows)
  }

  #holdTo(statements: readonly RowStatement[], affectedRows: number): void {
    if (statements.some((statement) => statement.expected === null)) return
    const expected = statements.reduce((sum, statement) => sum + (statement.expected ?? 0), 0)
    if (affectedRows === expected) return
    const [first] = statements
    const where = isExact(statements)
      ? `table ${first?.table} with ${first?.key()}`
      : `table ${first?.table} or near it`
    throw new RowMissingError(
      `the source changed a row of ${where} that the target ${this.#session.where} does not have (${affectedRows} of ${expected} rows found); ` +
        'something else wrote to the target: put the row back as it was at the source, or copy the table again',
      { details: { isExact: isExact(statements) } },
    )
  }
}

/** True when a failure can only be of the one row that is named. */
function isExact(statements: readonly RowStatement[]): boolean {
  const [first, ...others] = statements
  return first !== undefined && others.length === 0 && (first.expected ?? 1) === 1
}
