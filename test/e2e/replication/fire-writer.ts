/**
 * The worst that a source can do to a copy: rows move from range to range by changing their keys, unique values are
 * swapped between rows far apart, ranges go and come back, parents take their children along.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import { Random } from '../../../scripts/demo/random.ts'
import type { TestServer } from '../../harness/mysql-servers.ts'

export const schema = 'fire'
export const tableNames = ['moving', 'worded', 'heap', 'parent', 'child', 'leaf'] as const

const far = 100_000_000

export interface FireSize {
  /** Rows of `moving`, of 300 to 400 bytes each; the other tables have fewer. */
  readonly rows: number
  readonly sessions: number
  /** Run first in each of the writer's sessions. */
  readonly sessionSql?: string
}

export class FireWriter {
  readonly #server: TestServer
  readonly #size: FireSize
  readonly #seed: number
  readonly #refusals = new Map<number, number>()
  #isStopping = false
  #running: Promise<unknown> | null = null
  transactions = 0

  constructor(server: TestServer, size: FireSize, seed: number) {
    this.#server = server
    this.#size = size
    this.#seed = seed
  }

  /** Server errors that statements met, by number. */
  get refusals(): ReadonlyMap<number, number> {
    return this.#refusals
  }

  async prepare(): Promise<void> {
    const { rows } = this.#size
    const connection = await this.#server.connect({ multipleStatements: true })
    await connection.query(`CREATE DATABASE ${schema} DEFAULT CHARACTER SET utf8mb4; USE ${schema};
      CREATE TABLE moving (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, code INT NOT NULL, twin INT NULL,
        body VARCHAR(400) NOT NULL, note TEXT NULL, touched INT NOT NULL DEFAULT 0,
        UNIQUE KEY code (code), UNIQUE KEY twin (twin)) ENGINE=InnoDB;
      CREATE TABLE worded (word VARCHAR(40) CHARACTER SET utf8 COLLATE utf8_general_ci NOT NULL, part INT NOT NULL,
        label VARCHAR(30) CHARACTER SET latin1 NOT NULL, body BLOB NULL, PRIMARY KEY (word, part, label)) ENGINE=InnoDB;
      CREATE TABLE heap (a INT NULL, b VARCHAR(60) NULL) ENGINE=InnoDB;
      CREATE TABLE parent (id INT NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL) ENGINE=InnoDB;
      CREATE TABLE child (id INT NOT NULL PRIMARY KEY, parent_id INT NULL, body VARCHAR(200) NOT NULL,
        FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE) ENGINE=InnoDB;
      CREATE TABLE leaf (id INT NOT NULL PRIMARY KEY, child_id INT NULL, body VARCHAR(200) NOT NULL,
        FOREIGN KEY (child_id) REFERENCES child (id) ON DELETE SET NULL) ENGINE=InnoDB;
      CREATE TABLE digits (d INT NOT NULL PRIMARY KEY); INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
      CREATE TABLE numbers (n INT NOT NULL PRIMARY KEY);
      INSERT INTO numbers SELECT a.d + 10*b.d + 100*c.d + 1000*d.d + 10000*e.d + 100000*f.d
        FROM digits a, digits b, digits c, digits d, digits e, digits f
        WHERE a.d + 10*b.d + 100*c.d + 1000*d.d + 10000*e.d + 100000*f.d < ${rows};
      INSERT INTO moving (id, code, twin, body) SELECT n + 1, n, IF(n % 3 = 0, n, NULL), REPEAT(SHA2(n, 256), 5) FROM numbers;
      INSERT INTO worded SELECT CONCAT(ELT(1 + n % 4, 'Ärger', 'arger', 'ZEBRA ', 'zebra'), n DIV 40), n % 40,
        ELT(1 + n % 2, 'é', 'x'), REPEAT(UNHEX(SHA2(n, 256)), 6) FROM numbers WHERE n < ${rows >> 1};
      INSERT INTO heap SELECT n % 50, CONCAT('row ', n % 70) FROM numbers WHERE n < 4000;
      INSERT INTO parent SELECT n, SHA2(n, 256) FROM numbers WHERE n < ${rows >> 4};
      INSERT INTO child SELECT n, n % ${rows >> 4}, REPEAT(SHA2(n, 256), 3) FROM numbers WHERE n < ${rows >> 3};
      INSERT INTO leaf SELECT n, n % ${rows >> 3}, REPEAT(SHA2(n, 256), 3) FROM numbers WHERE n < ${rows >> 3};
      DROP TABLE digits, numbers`)
    connection.destroy()
  }

  start(): void {
    const sessions = Array.from({ length: this.#size.sessions }, (_, index) => this.#write(this.#seed + index))
    this.#running = Promise.all(sessions)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#running
  }

  async #write(seed: number): Promise<void> {
    const random = new Random(seed)
    while (!this.#isStopping) {
      let connection: Connection | null = null
      try {
        connection = await this.#server.connect({ database: schema, multipleStatements: true })
        if (this.#size.sessionSql !== undefined) await connection.query(this.#size.sessionSql)
        while (!this.#isStopping) await this.#transaction(connection, random)
      } catch {
        // The source was killed, and comes back.
        await sleep(50)
      } finally {
        connection?.destroy()
      }
    }
  }

  async #transaction(connection: Connection, random: Random): Promise<void> {
    try {
      await connection.query('BEGIN')
      for (let count = random.between(1, 4); count > 0; count -= 1) await connection.query(this.#statement(random))
      await connection.query(random.chance(0.05) ? 'ROLLBACK' : 'COMMIT')
    } catch (error) {
      const { errno } = error as { readonly errno?: number }
      if (errno === undefined || errno < 1000 || errno >= 2000) throw error
      this.#refusals.set(errno, (this.#refusals.get(errno) ?? 0) + 1)
      await connection.query('ROLLBACK')
    }
    this.transactions += 1
    await sleep(2)
  }

  #statement(random: Random): string {
    const { rows } = this.#size
    const id = random.between(1, rows)
    const other = random.between(1, rows)
    const [parents, children] = [rows >> 4, rows >> 3]
    const one = random.between(0, children - 1)
    const text = `'changed ${random.between(0, 1_000_000)}'`
    switch (random.between(0, 17)) {
      case 0:
        return `UPDATE moving SET id = id + ${far} WHERE id = ${id}`
      case 1:
        return `UPDATE moving SET id = id - ${far} WHERE id = ${id + far}`
      case 2:
        return `UPDATE moving SET id = ${id} + ${random.between(1, 40_000)} WHERE id = ${id}`
      case 3:
        return `DELETE FROM moving WHERE id BETWEEN ${id} AND ${id + 30}`
      case 4:
        return `INSERT IGNORE INTO moving (id, code, twin, body) SELECT ${id}, ${other}, ${id}, ${text}`
      case 5:
        return `INSERT INTO moving (code, body) VALUES (${far + random.between(0, far)}, ${text})`
      // Two rows swap a unique value, by way of one that nobody has.
      case 6:
        return `SET @a = (SELECT code FROM moving WHERE id = ${id}), @b = (SELECT code FROM moving WHERE id = ${other});
          UPDATE moving SET code = -${id} WHERE id = ${id} AND @a IS NOT NULL AND @b IS NOT NULL;
          UPDATE moving SET code = @a WHERE id = ${other} AND @a IS NOT NULL AND @b IS NOT NULL;
          UPDATE moving SET code = @b WHERE id = ${id} AND @a IS NOT NULL AND @b IS NOT NULL`
      case 7:
        return `SET @a = (SELECT twin FROM moving WHERE id = ${id}), @b = (SELECT twin FROM moving WHERE id = ${other});
          UPDATE moving SET twin = NULL WHERE id IN (${id}, ${other}); UPDATE moving SET twin = @a WHERE id = ${other};
          UPDATE moving SET twin = @b WHERE id = ${id}`
      case 8:
        return `UPDATE moving SET touched = touched + 1, note = ${text} WHERE id BETWEEN ${id} AND ${id + 20}`
      case 9:
        return `UPDATE IGNORE worded SET word = CONCAT('MOVED', ${other}), part = part + 100 WHERE word = 'zebra${id % (rows / 80)}' AND part < 9`
      case 10:
        return `UPDATE IGNORE worded SET word = UPPER(word), label = 'É', body = ${text} WHERE word = 'Arger${id % (rows / 80)}'`
      case 11:
        return `DELETE FROM worded WHERE word BETWEEN 'zebra${id}' AND 'zebra${id}1' LIMIT 20`
      case 12:
        return `INSERT INTO heap VALUES (${id % 60}, ${text}), (1, 'twice'), (1, 'twice')`
      case 13:
        return `UPDATE heap SET b = ${text} WHERE a = ${id % 60} LIMIT 3`
      case 14:
        return `DELETE FROM heap WHERE a = ${id % 60} LIMIT 2`
      case 15:
        return `DELETE FROM parent WHERE id = ${random.between(0, parents - 1)}; DELETE FROM child WHERE id = ${one}`
      case 16:
        return `REPLACE INTO parent VALUES (${parents + random.between(0, 200)}, ${text}); INSERT IGNORE INTO child VALUES (${one}, ${random.between(0, parents + 200)}, ${text})`
      default:
        return `UPDATE IGNORE leaf SET child_id = ${one}, body = ${text} WHERE id = ${random.between(0, children - 1)}`
    }
  }
}
