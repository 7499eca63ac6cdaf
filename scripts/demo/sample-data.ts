/**
 * The demonstration's data: a small shop with several related tables of all common types, some 300,000 rows, the same
 * for the same seed.
 */
import type { Connection } from 'mysql2/promise'
import { Random } from './random.ts'

export const schema = 'shop'

const createTables = [
  `CREATE TABLE customers (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(120) CHARACTER SET ascii NOT NULL,
    name VARCHAR(80) CHARACTER SET utf8mb4 NOT NULL,
    nickname VARCHAR(40) CHARACTER SET latin1,
    born DATE,
    member_since YEAR NOT NULL,
    tier ENUM('basic','silver','gold','platinum') NOT NULL DEFAULT 'basic',
    interests SET('books','music','garden','games','tools','food') NOT NULL DEFAULT '',
    balance DECIMAL(12,2) NOT NULL DEFAULT 0,
    is_active TINYINT(1) NOT NULL DEFAULT 1,
    created_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    UNIQUE KEY email (email)
  ) ENGINE=InnoDB`,
  `CREATE TABLE products (
    id MEDIUMINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    sku BINARY(8) NOT NULL,
    title VARCHAR(160) NOT NULL,
    description TEXT,
    price DECIMAL(10,2) NOT NULL,
    weight FLOAT,
    rating DOUBLE,
    attributes JSON,
    flags BIT(12) NOT NULL DEFAULT 0,
    picture BLOB,
    stock SMALLINT NOT NULL DEFAULT 0,
    price_with_tax DECIMAL(10,2) AS (price * 1.19) STORED,
    UNIQUE KEY sku (sku)
  ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
  `CREATE TABLE orders (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id INT UNSIGNED NOT NULL,
    status ENUM('new','paid','sent','returned') NOT NULL DEFAULT 'new',
    placed_at DATETIME(6) NOT NULL,
    delivery_window TIME(2),
    total DECIMAL(14,4) NOT NULL,
    note TINYTEXT,
    KEY customer (customer_id),
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
  ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
  `CREATE TABLE order_items (
    order_id BIGINT UNSIGNED NOT NULL,
    line TINYINT UNSIGNED NOT NULL,
    product_id MEDIUMINT UNSIGNED NOT NULL,
    quantity SMALLINT UNSIGNED NOT NULL,
    unit_price DECIMAL(10,2) NOT NULL,
    PRIMARY KEY (order_id, line),
    CONSTRAINT items_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
    CONSTRAINT items_product FOREIGN KEY (product_id) REFERENCES products (id)
  ) ENGINE=InnoDB`,
  `CREATE TABLE visits (
    at DATETIME(3) NOT NULL,
    place POINT,
    page VARCHAR(200),
    took_ms INT
  ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
]

export const counts = {
  customers: 20_000,
  products: 4_000,
  orders: 70_000,
  order_items: 190_000,
  visits: 16_000,
} as const

/** Creates the schema and fills it. @returns the number of rows */
export async function loadSampleData(connection: Connection, seed: number): Promise<number> {
  const random = new Random(seed)
  await connection.query(`CREATE DATABASE ${schema} DEFAULT CHARACTER SET utf8mb4`)
  await connection.query(`USE ${schema}`)
  for (const sql of createTables) await connection.query(sql)
  await insert(connection, 'customers', counts.customers, (row) => customer(random, row))
  await insert(connection, 'products', counts.products, (row) => product(random, row))
  await insert(connection, 'orders', counts.orders, () => order(random))
  await insert(connection, 'order_items', counts.order_items, (row) => item(random, row))
  await insert(connection, 'visits', counts.visits, (row) => visit(random, row))
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

type Columns = Readonly<Record<string, unknown>>

async function insert(
  connection: Connection,
  table: string,
  count: number,
  make: (row: number) => Columns,
): Promise<void> {
  const rowsAtOnce = 1000
  for (let row = 0; row < count; row += rowsAtOnce) {
    const rows = Array.from({ length: Math.min(rowsAtOnce, count - row) }, (_, index) => make(row + index))
    const columns = Object.keys(rows[0] ?? {})
    const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES ?`
    await connection.query(sql, [rows.map((one) => columns.map((column) => one[column]))])
  }
}

const firstNames = [
  'Ada',
  'Björn',
  'Chloé',
  'Dmitri',
  'Eszter',
  'Fatima',
  'Grace',
  '花子',
  'Ivo',
  'José',
  'Κώστας',
  'Łukasz',
]
const words = [
  'brass',
  'oak',
  'mill',
  'wheel',
  'river',
  'stone',
  'lamp',
  'copper',
  'quiet',
  'north',
  'paper',
  'salt 🧂',
]

function customer(random: Random, row: number): Columns {
  const name = `${random.pick(firstNames)} ${random.pick(words)}son`
  return {
    email: `customer${row + 1}@example.test`,
    name,
    nickname: random.chance(0.3) ? random.pick(['Müller', 'Señor', 'Ångström', 'Bœuf']) : null,
    born: random.chance(0.1) ? null : date(random.between(-1_000, 13_000)),
    member_since: random.between(1999, 2025),
    tier: random.pick(['basic', 'silver', 'gold', 'platinum']),
    interests: random.pick(['', 'books', 'books,music', 'garden,tools', 'games,food,books']),
    balance: (random.between(-50_000, 900_000) / 100).toFixed(2),
    is_active: random.chance(0.9) ? 1 : 0,
    created_at: instant(random),
  }
}

function product(random: Random, row: number): Columns {
  const title = `${random.pick(words)} ${random.pick(words)}`
  return {
    sku: Buffer.from([0, 0, row >> 16, (row >> 8) & 255, row & 255, random.between(0, 255), 32, 0]),
    title,
    description: random.chance(0.2)
      ? null
      : Array.from({ length: random.between(5, 40) }, () => random.pick(words)).join(' '),
    price: (random.between(99, 99_999) / 100).toFixed(2),
    weight: random.chance(0.1) ? null : random.next() * 30,
    rating: random.chance(0.1) ? null : random.next() * 5,
    attributes: JSON.stringify({
      colour: random.pick(words),
      sizes: [random.between(1, 50), 1.5],
      isNew: random.chance(0.5),
    }),
    flags: random.between(0, 4095),
    picture: random.chance(0.5) ? null : random.bytes(random.between(20, 400)),
    stock: random.between(-5, 500),
  }
}

function order(random: Random): Columns {
  return {
    customer_id: random.between(1, counts.customers),
    status: random.pick(['new', 'paid', 'sent', 'returned']),
    placed_at: `${instant(random)}${String(random.between(0, 999)).padStart(3, '0')}`,
    delivery_window: random.chance(0.5) ? null : `${random.between(-20, 40)}:30:00.${random.between(10, 99)}`,
    total: (random.between(100, 9_999_999) / 10_000).toFixed(4),
    note: random.chance(0.8) ? null : `it's "${random.pick(words)}" \\ ${random.pick(words)}`,
  }
}

function item(random: Random, row: number): Columns {
  return {
    order_id: (row % counts.orders) + 1,
    line: Math.floor(row / counts.orders) + 1,
    product_id: random.between(1, counts.products),
    quantity: random.between(1, 20),
    unit_price: (random.between(99, 99_999) / 100).toFixed(2),
  }
}

function visit(random: Random, row: number): Columns {
  return {
    at: instant(random),
    place: random.chance(0.2)
      ? null
      : { toSqlString: () => `POINT(${random.between(-180, 180)}, ${random.between(-90, 90)}.5)` },
    page: `/product/${row % counts.products}?from=${random.pick(words)}`,
    took_ms: random.between(1, 4000),
  }
}

function date(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, 10)
}

function instant(random: Random): string {
  return new Date(1_600_000_000_000 + random.between(0, 150_000_000) * 1000 + random.between(0, 999))
    .toISOString()
    .slice(0, 23)
    .replace('T', ' ')
}
