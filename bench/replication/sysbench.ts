/** sysbench against a server: makes its tables, and changes rows in them as `oltp_write_only` does. */
import { join } from 'node:path'
import { runCommand } from '../../scripts/setup/command.ts'
import { findSysbench } from '../../scripts/setup/sysbench.ts'
import type { TestServer } from '../../test/harness/mysql-servers.ts'

export const schema = 'sbtest'

/** Rows that one transaction of `oltp_write_only` changes: two updates, a delete, an insert. */
export const changesPerTransaction = 4

export interface SysbenchTables {
  readonly tables: number
  readonly rowsPerTable: number
}

export interface WriteLoad extends SysbenchTables {
  readonly threads: number
  /** Ends after so many; 0: `seconds` say when. */
  readonly transactions: number
  /** Ends after so long; 0: `transactions` say when. */
  readonly seconds?: number
  /** Transactions a second, evenly; absent: as fast as the server can. */
  readonly perSecond?: number
  /** sysbench's `--rand-type`; absent: its own default, `special`, by which most changes meet few rows. */
  readonly distribution?: string
}

/** Creates the schema and fills its tables. */
export async function prepareTables(server: TestServer, { tables, rowsPerTable }: SysbenchTables): Promise<void> {
  await server.query(`CREATE DATABASE ${schema}`)
  await sysbench(server, [`--tables=${tables}`, `--table-size=${rowsPerTable}`, `--threads=${tables}`], 'prepare')
}

/** Runs `oltp_write_only`. @returns how many transactions it made each second */
export async function runWrites(server: TestServer, load: WriteLoad): Promise<number> {
  const args = [
    `--tables=${load.tables}`,
    `--table-size=${load.rowsPerTable}`,
    `--threads=${load.threads}`,
    `--events=${load.transactions}`,
    `--time=${load.seconds ?? 0}`,
    '--rand-seed=1',
    ...(load.perSecond === undefined ? [] : [`--rate=${load.perSecond}`]),
    ...(load.distribution === undefined ? [] : [`--rand-type=${load.distribution}`]),
  ]
  const printed = await sysbench(server, args, 'run')
  const perSecond = /transactions:\s+\d+\s+\(([\d.]+) per sec/.exec(printed)?.[1]
  if (perSecond === undefined) throw new Error(`sysbench told no transactions:\n${printed}`)
  return Number(perSecond)
}

async function sysbench(server: TestServer, args: readonly string[], order: 'prepare' | 'run'): Promise<string> {
  const { command, args: first, env, scripts } = await findSysbench()
  const connection = [
    `--mysql-host=${server.host}`,
    `--mysql-port=${server.port}`,
    `--mysql-user=${server.user}`,
    `--mysql-password=${server.password}`,
    `--mysql-db=${schema}`,
  ]
  return await runCommand(command, [...first, join(scripts, 'oltp_write_only.lua'), ...connection, ...args, order], {
    env,
  })
}
