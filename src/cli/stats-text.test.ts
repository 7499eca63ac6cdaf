import { expect, test } from 'vitest'
import type { ReplicationAnswer } from './replication-answer.ts'
import { replicationText } from './replication-show.ts'
import { statsLine, statsLines } from './stats-text.ts'
import { widthOf } from './table.ts'

const server = { host: '10.0.0.1', port: 3306, user: 'repl', node_name: 'n1' }
const task = { node_name: 'n1', is_running: true, stage: 'full', description: 'copies', position: 'p', strategy: null }
const table = { schema: 's', name: 'orders', rows_copied: 600, rows_total: 1000, is_done: false }

const copying: ReplicationAnswer = {
  id: 'id-1',
  name: 'shop',
  type: 'synchronous',
  status: 'running',
  description: '',
  stage: 'full',
  lag_ms: null,
  rows_copied: 1_600,
  rows_total: 3_000,
  eta_ms: 12_000,
  rows_per_second: 81_234.5,
  transactions_per_second: 0,
  bytes_per_second: 9_100_000,
  backlog_bytes: 3_400,
  source: server,
  target: { ...server, host: 'fd00::2', node_name: null },
  tasks: { source: task, target: { ...task, is_running: false } },
  copy: { tables: 3, tables_done: 1, rows_copied: 1_600, rows_total: 3_000, bytes_copied: 0, bytes_total: 0 },
  tables: [
    { ...table, rows_per_second: 40_000, eta_ms: 10_000 },
    { ...table, name: 'items', rows_copied: 1_000, rows_per_second: null, eta_ms: null, is_done: true },
  ],
  problems: [],
}

const terminal = { columns: () => 120, rows: () => 40, hasColour: false, hasBlocks: false }

test('a copy has a bar for all and one for each table, with rates and what is left', () => {
  expect(statsLines(copying, { terminal })).toEqual([
    'shop  running  full  10.0.0.1:3306 on n1 -> [fd00::2]:3306',
    'copy      [############............]   53.3 %  1.6 k of 3.0 k rows  1 of 3 tables  81.2 k rows/s  12.0 s left',
    's.orders  [##############..........]   60.0 %  600 of 1.0 k rows  40.0 k rows/s  10.0 s left',
    's.items   [########################]    100 %  1000 rows',
    'and 1 table more',
    'lag -  81.2 k rows/s  0 transactions/s  9.1 MB/s  backlog 3.4 kB',
  ])
})

test('when the copy is over a terminal shows one line of it', () => {
  const following = { ...copying, stage: 'incremental', lag_ms: 1_234, eta_ms: null }
  expect(statsLines(following, { terminal })).toHaveLength(3)
  expect(statsLines(following, { terminal })[2]).toMatch(/^lag 1\.2 s {2}/)
  expect(statsLines(following, { terminal: null })).toHaveLength(6)
})

test('without a terminal each look is one line of fixed words', () => {
  const at = new Date('2026-01-02T03:04:05.678Z')
  expect(statsLine(copying, at)).toBe(
    '2026-01-02T03:04:05Z running full copied 53.3% tables 1/3 rows 1600/3000 eta 12.0 s lag - 81235 rows/s 0 transactions/s 9100000 bytes/s backlog 3400',
  )
})

test('what is wrong is told with its cure, and moves no cursor', () => {
  const problem = { role: 'source', code: 'X', message: 'bad \u001b[2J', at: '', is_current: true, cure: 'GRANT it' }
  const dead = {
    ...copying,
    status: 'dead',
    description: 'no \u001b way',
    problems: [problem, { ...problem, is_current: false }],
  }
  const lines = statsLines(dead, { terminal: null })
  expect(lines.slice(-2)).toEqual(['source: bad ·[2J', '  cure: GRANT it'])
  for (const text of [...lines, statsLine(dead, new Date())]) expect(text).not.toContain('\u001b')
  const config = { Gtid: '', ReplicateDoDb: [{ TableSchema: 's', Tables: [{ TableName: 'a' }, { TableName: 'b' }] }] }
  const job = {
    ID: 'id-1',
    CreatedAt: '2026-01-02T03:04:05Z',
    Tasks: [{ Config: { ...config, ReplicateIgnoreDb: [] } }],
  }
  const shown = replicationText(job, dead)
  expect(shown).toMatch(/^replicates +s\.a, s\.b$/m)
  expect(shown).toMatch(/^source problem +bad ·\[2J; GRANT it$/m)
  expect(shown).toMatch(/^target task +does not run$/m)
})

test('names of tables in any script leave the bars below each other', () => {
  const tables = copying.tables.map((one, index) => ({ ...one, name: index === 0 ? '注文' : 'x' }))
  const lines = statsLines({ ...copying, tables }, { terminal }).slice(1, 4)
  expect(new Set(lines.map((line) => widthOf(line.slice(0, line.indexOf('[')))))).toHaveLength(1)
})
