/** Keeps changing the source while the demonstration runs: orders come in, move on, and some are cancelled. */
import type { Connection } from 'mysql2/promise'
import { Random } from './random.ts'
import { counts } from './sample-data.ts'

export class Writer {
  readonly #connection: Connection
  readonly #random = new Random(7)
  #transactions = 0
  #isStopping = false
  #running: Promise<void> | null = null

  constructor(connection: Connection) {
    this.#connection = connection
  }

  get transactions(): number {
    return this.#transactions
  }

  start(): void {
    this.#running = this.#write()
  }

  /** Waits for the transaction under way. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#running
  }

  async #write(): Promise<void> {
    while (!this.#isStopping) {
      await this.#connection.beginTransaction()
      for (const [sql, values] of this.#statements()) await this.#connection.query(sql, values as unknown[])
      await this.#connection.commit()
      this.#transactions += 1
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  #statements(): readonly (readonly [string, readonly unknown[]])[] {
    const random = this.#random
    const orderId = random.between(1, counts.orders)
    if (random.chance(0.1)) return [['DELETE FROM orders WHERE id = ?', [orderId]]]
    if (random.chance(0.4))
      return [
        [
          "UPDATE orders SET status = 'sent', note = ? WHERE id = ?",
          [`sent by courier ${random.between(1, 99)}`, orderId],
        ],
        [
          'UPDATE products SET stock = stock - 1, rating = ? WHERE id = ?',
          [random.next() * 5, random.between(1, counts.products)],
        ],
      ]
    const customerId = random.between(1, counts.customers)
    return [
      [
        "INSERT INTO orders (customer_id, status, placed_at, total) VALUES (?, 'new', NOW(6), ?)",
        [customerId, random.next() * 500],
      ],
      [
        'INSERT INTO order_items (order_id, line, product_id, quantity, unit_price) VALUES (LAST_INSERT_ID(), 1, ?, ?, 9.99)',
        [random.between(1, counts.products), random.between(1, 5)],
      ],
      ['UPDATE customers SET balance = balance - 9.99 WHERE id = ?', [customerId]],
    ]
  }
}
