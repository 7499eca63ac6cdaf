import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import { isAtOrAfter } from '../binlog/position.ts'
import { isCommitted, readCommittedPosition, readLogEnd } from './binlog-place.ts'
import { readCapabilities } from './capabilities.ts'
import {
  readCreateTable,
  readCreateView,
  readDefinitions,
  readForeignKeys,
  readSchemas,
  readTables,
  readTablesWithTriggers,
} from './schema-reader.ts'
import { openSession, type Session } from './session.ts'
import { plainState } from './session-state.ts'

describe.each(['mariadb-10.11', 'mysql-9.7', 'mysql-5.6'] as const)('the schema of %s', (kind) => {
  let server: TestServer
  let session: Session

  beforeAll(async () => {
    server = await startServer(kind)
    await server.query(`CREATE DATABASE \`a-b\`; USE \`a-b\`;
      CREATE TABLE parent (id BIGINT UNSIGNED PRIMARY KEY, \`Größe\` VARCHAR(20) CHARACTER SET latin1) ENGINE=InnoDB;
      CREATE TABLE child (a INT NOT NULL, p BIGINT UNSIGNED, t VARCHAR(99) CHARACTER SET utf8mb4 NOT NULL, e ENUM('x') NULL,
        UNIQUE KEY u (a, t(10)), UNIQUE KEY e (e),
        CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id)) ENGINE=InnoDB;
      CREATE VIEW v AS SELECT id FROM parent;
      CREATE TRIGGER tr BEFORE INSERT ON child FOR EACH ROW SET NEW.e = NULL`)
    session = await openSession(server)
    await session.execute(plainState)
  })
  afterAll(async () => {
    await session.close()
    await server[Symbol.asyncDispose]()
  })

  test('lists user schemas only', async () => {
    expect(await readSchemas(session)).toEqual(['a-b'])
  })

  test('lists tables and views', async () => {
    const tables = await readTables(session, ['a-b'])
    expect(tables.map(({ name, kind, engine }) => [name, kind, engine])).toEqual([
      ['child', 'table', 'InnoDB'],
      ['parent', 'table', 'InnoDB'],
      ['v', 'view', ''],
    ])
  })

  test('tells columns and keys, prefixes and nullable parts', async () => {
    const names = ['child', 'parent', 'gone'].map((name) => ({ schema: 'a-b', name }))
    const [child, parent, ...rest] = await readDefinitions(session, names)
    expect(rest).toEqual([])
    expect(parent?.columns.map(({ name, dataType, characterSet }) => [name, dataType, characterSet])).toEqual([
      ['id', 'bigint', null],
      ['Größe', 'varchar', 'latin1'],
    ])
    expect(parent?.keys).toMatchObject([{ name: 'PRIMARY', isPrimary: true, isUnique: true, isVisible: true }])
    expect(child?.keys.find((key) => key.name === 'u')?.parts).toEqual([
      { column: 'a', prefixLength: null, isNullable: false },
      { column: 't', prefixLength: 10, isNullable: false },
    ])
    expect(child?.keys.find((key) => key.name === 'e')?.parts[0]?.isNullable).toBe(true)
  })

  test('tells the key by which the server tells rows apart, which of several unique ones is the first without NULL', async () => {
    await server.query(`CREATE DATABASE row_keys; USE row_keys;
      CREATE TABLE several (p VARCHAR(20) NOT NULL, n INT NULL, b INT NOT NULL, c INT NOT NULL, a INT NOT NULL,
        UNIQUE KEY p (p(5)), UNIQUE KEY n (n), UNIQUE KEY zz (b, c), UNIQUE KEY a (a));
      CREATE TABLE nullable (n INT NULL, UNIQUE KEY n (n)); CREATE TABLE one (u INT NOT NULL UNIQUE, id INT PRIMARY KEY)`)
    const names = ['several', 'nullable', 'one'].map((name) => ({ schema: 'row_keys', name }))
    const definitions = await readDefinitions(session, names)
    await server.query('DROP DATABASE row_keys')
    const rowKeys = definitions.map(({ columns }) => columns.filter(({ isInRowKey }) => isInRowKey))
    expect(rowKeys.map((columns) => columns.map(({ name }) => name))).toEqual([['b', 'c'], [], ['id']])
  })

  test('tells foreign keys, triggers and the statements that make things', async () => {
    expect(await readForeignKeys(session, ['a-b'])).toMatchObject([
      { name: 'fk', childColumns: ['p'], parent: { name: 'parent' }, parentColumns: ['id'] },
    ])
    expect(await readTablesWithTriggers(session, ['a-b'])).toEqual([{ schema: 'a-b', name: 'child' }])
    expect(await readCreateTable(session, { schema: 'a-b', name: 'parent' })).toMatch(/^CREATE TABLE `parent`/)
    expect(await readCreateView(session, { schema: 'a-b', name: 'v' })).toContain('`a-b`.`parent`')
  })

  test('tells what the server is and what the user may do', async () => {
    const capabilities = await readCapabilities(session)
    expect(capabilities).toMatchObject({ hasBinaryLog: true, binlogFormat: 'ROW', hasGtids: true, isReadOnly: false })
    expect(capabilities.serverId).toBe(server.serverId)
    expect(capabilities.grants.hasGlobal('REPLICATION SLAVE')).toBe(true)
  })

  test('reads a position that holds everything committed before', async () => {
    const before = await readCommittedPosition(session, true)
    await server.query('INSERT INTO `a-b`.parent VALUES (1, NULL)')
    const after = await readCommittedPosition(session, true)
    expect(isAtOrAfter(after, before)).toBe(true)
    expect(isAtOrAfter(before, after)).toBe(false)
    expect((await readLogEnd(session)).file).toBe(after.file)
    if (after.kind === 'mysql-gtid') expect(await isCommitted(session, after.executed)).toBe(true)
  })
})
