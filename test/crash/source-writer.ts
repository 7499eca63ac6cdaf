/**
 * Writes to the source all the time, also while it dies and comes back: several tables, transactions of several
 * statements, inserts, updates and deletes, now and then a table is altered.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import { Random } from '../../scripts/demo/random.ts'
import type { TestServer } from '../harness/mysql-servers.ts'

export const schema = 'crash'
const tableCount = 4

export class SourceWriter {
  readonly #server: Pick<TestServer, 'connect'>
  readonly #schema: string
  readonly #random: Random
  #transactions = 0
  #columns = 0
  #isStopping = false
  #running: Promise<void> | null = null

  constructor(server: Pick<TestServer, 'connect'>, seed: number, schemaName = schema) {
    this.#server = server
    this.#schema = schemaName
    this.#random = new Random(seed)
  }

  get transactions(): number {
    return this.#transactions
  }

  /** @param rows of each table before the writing begins */
  async prepare(rows: number): Promise<void> {
    const connection = await this.#server.connect()
    await connection.query(`CREATE DATABASE ${this.#schema} DEFAULT CHARACTER SET utf8mb4`)
    for (let table = 0; table < tableCount; table += 1) {
      await connection.query(
        `CREATE TABLE ${this.#schema}.t${table} (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, code INT NOT NULL,
         word VARCHAR(60), amount DECIMAL(12,3), at DATETIME(6), body BLOB, UNIQUE KEY code (code)) ENGINE=InnoDB`,
      )
      for (let row = 0; row < rows; row += 1000) await this.#insert(connection, table, Math.min(1000, rows - row), row)
    }
    connection.destroy()
  }

  start(): void {
    this.#running = this.#write()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#running
  }

  async #insert(connection: Connection, table: number, count: number, from: number): Promise<void> {
    const rows = Array.from({ length: count }, (_, index) => [from + index, `word ${from + index}`, (from + index) / 8])
    await connection.query(`INSERT INTO ${this.#schema}.t${table} (code, word, amount) VALUES ?`, [rows])
  }

  async #write(): Promise<void> {
    while (!this.#isStopping) {
      let connection: Connection | null = null
      try {
        connection = await this.#server.connect()
        while (!this.#isStopping) await this.#transaction(connection)
      } catch {
        // The source was killed; what was not committed is gone there, too. It comes back.
        await sleep(50)
      } finally {
        connection?.destroy()
      }
    }
  }

  async #transaction(connection: Connection): Promise<void> {
    const random = this.#random
    if (random.chance(0.004) && this.#columns < 8) {
      this.#columns += 1
      await connection.query(
        `ALTER TABLE ${this.#schema}.t${random.between(0, tableCount - 1)} ADD COLUMN extra${this.#columns} INT DEFAULT 7`,
      )
    }
    await connection.beginTransaction()
    for (let count = random.between(1, 4); count > 0; count -= 1) await this.#statement(connection, random)
    await (random.chance(0.05) ? connection.rollback() : connection.commit())
    this.#transactions += 1
    await sleep(2)
  }

  async #statement(connection: Connection, random: Random): Promise<void> {
    const table = `${this.#schema}.t${random.between(0, tableCount - 1)}`
    const code = random.between(0, 6000)
    const kind = random.between(0, 9)
    if (kind < 4)
      await connection.query(`INSERT IGNORE INTO ${table} (code, word, at, body) VALUES (?, ?, NOW(6), ?)`, [
        code,
        `new ${code}`,
        random.bytes(20),
      ])
    else if (kind < 7)
      await connection.query(`UPDATE ${table} SET word = ?, amount = amount + 0.125 WHERE code = ?`, [
        `changed ${random.next()}`,
        code,
      ])
    else if (kind < 8)
      await connection.query(`UPDATE ${table} SET id = id + 1000000 WHERE code = ? AND id < 1000000`, [code])
    else await connection.query(`DELETE FROM ${table} WHERE code BETWEEN ? AND ?`, [code, code + 2])
  }
}
