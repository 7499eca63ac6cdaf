/**
 * The database servers that tests run on: where each lies, how it is called, and how an empty data directory is made.
 *
 * Everything here is what `npm run setup -- --servers` put into the cache.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { programInRoot } from '../../scripts/setup/debian-root.ts'
import { findMariadb } from '../../scripts/setup/mariadb.ts'
import { mysql56Dir } from '../../scripts/setup/mysql-5.6.ts'
import { mysql97Root } from '../../scripts/setup/mysql-9.7.ts'

export type ServerKind = 'mariadb-10.11' | 'mysql-9.7' | 'mysql-5.6'

export const testUser = 'millrace_test'
export const testPassword = 'test-Password-1'

/** How one kind of server is run. */
export interface ServerRecipe {
  readonly vendor: 'mysql' | 'mariadb'
  readonly command: string
  /** Before all other arguments. */
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Only for normal starts, not while the data directory is made. */
  readonly serveArgs: readonly string[]
  /** An initial data directory to copy first, or null to begin with an empty one. */
  readonly initialData: string | null
  /** What makes the data directory: arguments, and SQL for standard input or as an init file. */
  readonly initialise: { readonly args: readonly string[]; readonly sql: string; readonly sqlBy: 'stdin' | 'init-file' }
  /** Changes when another build of the server is put in place. */
  readonly fingerprint: string
}

/** @throws Error naming the command that fetches the server when it is not there */
export async function recipeOf(kind: ServerKind): Promise<ServerRecipe> {
  switch (kind) {
    case 'mariadb-10.11':
      return mariadbRecipe()
    case 'mysql-9.7':
      return mysql97Recipe()
    case 'mysql-5.6':
      return mysql56Recipe()
  }
}

const mysqlGtidArgs = ['--gtid-mode=ON', '--enforce-gtid-consistency=ON']

async function mariadbRecipe(): Promise<ServerRecipe> {
  const server = await findMariadb()
  if (server === null) throw missing('mariadb-10.11')
  const share = join(server.baseDir, 'share/mysql')
  return {
    vendor: 'mariadb',
    command: server.start.command,
    args: [
      ...server.start.args,
      '--no-defaults',
      `--basedir=${server.baseDir}`,
      `--lc-messages-dir=${share}`,
      `--plugin-dir=${join(server.baseDir, 'lib/mysql/plugin')}`,
    ],
    serveArgs: ['--log-slave-updates=ON', '--binlog-format=ROW', '--innodb-log-file-size=32M'],
    initialData: null,
    initialise: {
      args: [
        '--bootstrap',
        '--log-warnings=0',
        '--enforce-storage-engine=',
        '--max-allowed-packet=8M',
        '--innodb-log-file-size=32M',
      ],
      sql: await mariadbSystemSql(share),
      sqlBy: 'stdin',
    },
    fingerprint: await fingerprintOf(server.start.args.at(-1) ?? server.start.command),
  }
}

/** What the server's own mariadb-install-db feeds to `mariadbd --bootstrap`, and our account. */
async function mariadbSystemSql(share: string): Promise<string> {
  const names = [
    'mysql_system_tables.sql',
    'mysql_performance_tables.sql',
    'mysql_system_tables_data.sql',
    'fill_help_tables.sql',
    'maria_add_gis_sp_bootstrap.sql',
    'mysql_sys_schema.sql',
  ]
  const files = await Promise.all(names.map((name) => readFile(join(share, name), 'utf8')))
  return [
    'CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n',
    ...files,
    "USE mysql;\nDELETE FROM global_priv WHERE User='';\nFLUSH PRIVILEGES;\n",
    `CREATE USER ${testUser}@'%' IDENTIFIED BY '${testPassword}';\n`,
    `GRANT ALL PRIVILEGES ON *.* TO ${testUser}@'%' WITH GRANT OPTION;\n`,
  ].join('\n')
}

async function mysql97Recipe(): Promise<ServerRecipe> {
  const program = 'usr/sbin/mysqld'
  const fingerprint = await fingerprintOf(join(mysql97Root, program)).catch(() => null)
  if (fingerprint === null) throw missing('mysql-9.7')
  const { command, args } = programInRoot(mysql97Root, program)
  return {
    vendor: 'mysql',
    command,
    args: [
      ...args,
      '--no-defaults',
      `--basedir=${mysql97Root}/usr`,
      `--lc-messages-dir=${mysql97Root}/usr/share/mysql`,
      `--plugin-dir=${mysql97Root}/usr/lib/mysql/plugin`,
      '--secure-file-priv=',
      '--innodb-redo-log-capacity=64M',
    ],
    serveArgs: ['--mysqlx=OFF', ...mysqlGtidArgs],
    initialData: null,
    initialise: {
      args: ['--initialize-insecure', '--skip-log-bin'],
      sql: `CREATE USER ${testUser}@'%' IDENTIFIED BY '${testPassword}';\nGRANT ALL PRIVILEGES ON *.* TO ${testUser}@'%' WITH GRANT OPTION;\n`,
      sqlBy: 'init-file',
    },
    fingerprint,
  }
}

async function mysql56Recipe(): Promise<ServerRecipe> {
  const fingerprint = await fingerprintOf(join(mysql56Dir, 'mysqld')).catch(() => null)
  if (fingerprint === null) throw missing('mysql-5.6')
  return {
    vendor: 'mysql',
    command: join(mysql56Dir, 'mysqld'),
    args: [
      '--no-defaults',
      `--basedir=${mysql56Dir}`,
      `--lc-messages-dir=${mysql56Dir}/share`,
      '--innodb-log-file-size=32M',
    ],
    cwd: mysql56Dir,
    env: { LD_LIBRARY_PATH: mysql56Dir },
    serveArgs: [...mysqlGtidArgs, '--log-slave-updates', '--binlog-format=ROW'],
    initialData: join(mysql56Dir, 'data/mysql'),
    initialise: {
      args: ['--bootstrap', '--skip-log-bin'],
      // The bootstrap of 5.6 reads one statement a line.
      sql: [
        'USE mysql;',
        "DELETE FROM user WHERE User='';",
        'DELETE FROM db;',
        'DROP DATABASE IF EXISTS test;',
        'FLUSH PRIVILEGES;',
        `GRANT ALL PRIVILEGES ON *.* TO ${testUser}@'%' IDENTIFIED BY '${testPassword}' WITH GRANT OPTION;`,
        '',
      ].join('\n'),
      sqlBy: 'stdin',
    },
    fingerprint,
  }
}

async function fingerprintOf(binary: string): Promise<string> {
  const { size, mtimeMs } = await stat(binary)
  return `${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}`
}

function missing(kind: ServerKind): Error {
  return new Error(`no ${kind} here; run 'npm run setup -- --servers'`)
}
