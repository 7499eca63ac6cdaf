/**
 * Real MySQL and MariaDB servers for tests: each on a port and a data directory of its own, with the binary log on, row
 * format, GTIDs, and an account that may do everything over TCP.
 *
 * Easy to get wrong: without `durable` a server does not sync its logs at each commit. A killed process loses nothing by
 * that (the kernel has the bytes), but tests of faults use `durable`, as real servers do.
 */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2/promise'
import { freePort } from './free-port.ts'
import { recipeOf, type ServerKind, type ServerRecipe, testPassword, testUser } from './mysql-kinds.ts'
import { asRoot, copyTemplate } from './mysql-template.ts'
import { whenReady } from './ready.ts'
import { ServerProcess } from './server-process.ts'
import { type TempDir, tempDir } from './temp-dir.ts'

export type { ServerKind } from './mysql-kinds.ts'

export interface ServerOptions {
  /** Further server options; they win over the harness's own. */
  readonly args?: readonly string[]
  readonly port?: number
  /** A data directory to use: filled when it does not exist, and left in place at the end. */
  readonly dataDir?: string
  /** Sync both logs at every commit, the servers' own default. */
  readonly durable?: boolean
}

export type Row = Record<string, unknown>

export interface TestServer extends AsyncDisposable {
  readonly kind: ServerKind
  readonly vendor: 'mysql' | 'mariadb'
  readonly host: '127.0.0.1'
  readonly port: number
  readonly user: string
  readonly password: string
  /** The server's `server_id`, unlike that of every other server of this machine. */
  readonly serverId: number
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  readonly dataDir: string
  /** A new connection, which the caller ends. Dates come as text, large numbers as strings. */
  connect(options?: ConnectionOptions): Promise<Connection>
  /** Runs a statement on one kept connection, opened when needed; several statements at once are allowed. */
  query<Result = Row[]>(sql: string, values?: readonly unknown[]): Promise<Result>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** A clean shutdown. */
  stop(): Promise<void>
  /** Starts it again on the same port and data, after `kill` or `stop`. */
  start(): Promise<void>
  /** The end of the server's error log. */
  lastLogLines(count?: number): string
}

/** Starts a server on fresh data. @throws Error with the end of its log when it does not start */
export async function startServer(kind: ServerKind, options: ServerOptions = {}): Promise<TestServer> {
  const recipe = await recipeOf(kind)
  const folder = await tempDir()
  try {
    const server = new RunningServer(kind, recipe, folder, options.port ?? (await freePort()), options)
    await server.prepare()
    await server.start()
    return server
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

class RunningServer implements TestServer {
  readonly kind: ServerKind
  readonly vendor: 'mysql' | 'mariadb'
  readonly host = '127.0.0.1'
  readonly port: number
  readonly user = testUser
  readonly password = testPassword
  readonly serverId: number
  readonly dataDir: string
  readonly #recipe: ServerRecipe
  readonly #folder: TempDir
  readonly #options: ServerOptions
  #process: ServerProcess | null = null
  #kept: Promise<Connection> | null = null

  constructor(kind: ServerKind, recipe: ServerRecipe, folder: TempDir, port: number, options: ServerOptions) {
    this.kind = kind
    this.vendor = recipe.vendor
    this.port = port
    this.serverId = 1_000_000 + port
    this.dataDir = options.dataDir ?? join(folder.path, 'data')
    this.#recipe = recipe
    this.#folder = folder
    this.#options = options
  }

  get pid(): number {
    return this.#running().pid
  }

  async prepare(): Promise<void> {
    await mkdir(join(this.#folder.path, 'tmp'), { recursive: true })
    const isThere = await stat(this.dataDir).then(
      () => true,
      () => false,
    )
    if (isThere) return
    await mkdir(join(this.dataDir, '..'), { recursive: true })
    await copyTemplate(this.kind, this.#recipe, this.dataDir)
  }

  async start(): Promise<void> {
    if (this.#process?.hasExited === false) return
    const { command, cwd, env } = this.#recipe
    const server = new ServerProcess({
      command,
      args: this.#args(),
      logPath: join(this.#folder.path, 'server.log'),
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    })
    this.#process = server
    try {
      await whenReady(server, `${this.kind} on port ${this.port}`, () => this.#tryConnection())
    } catch (error) {
      await server.kill()
      throw error
    }
  }

  connect(options: ConnectionOptions = {}): Promise<Connection> {
    return createConnection({
      host: this.host,
      port: this.port,
      user: this.user,
      password: this.password,
      supportBigNumbers: true,
      dateStrings: true,
      ...options,
    })
  }

  async query<Result = Row[]>(sql: string, values?: readonly unknown[]): Promise<Result> {
    const connection = await this.#keptConnection()
    const [rows] = await connection.query(sql, values === undefined ? undefined : [...values])
    return rows as Result
  }

  async kill(): Promise<void> {
    this.#dropKept()
    await this.#process?.kill()
  }

  async stop(): Promise<void> {
    this.#dropKept()
    await this.#process?.stop()
  }

  lastLogLines(count?: number): string {
    return this.#running().lastLogLines(count)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.#folder[Symbol.asyncDispose]()
  }

  #running(): ServerProcess {
    if (this.#process === null) throw new Error(`${this.kind} on port ${this.port} was not started`)
    return this.#process
  }

  #args(): string[] {
    const fast = ['--innodb-flush-log-at-trx-commit=2', '--sync-binlog=0']
    const durable = ['--innodb-flush-log-at-trx-commit=1', '--sync-binlog=1']
    return [
      ...this.#recipe.args,
      ...this.#recipe.serveArgs,
      `--datadir=${this.dataDir}`,
      '--bind-address=127.0.0.1',
      `--port=${this.port}`,
      `--socket=${join(this.#folder.path, 's')}`,
      `--pid-file=${join(this.#folder.path, 'pid')}`,
      // A server that starts deletes what lies in its folder for temporary tables, also those of other running servers.
      `--tmpdir=${join(this.#folder.path, 'tmp')}`,
      `--server-id=${this.serverId}`,
      '--log-bin=binlog',
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=64M',
      '--performance-schema=OFF',
      ...(this.#options.durable === true ? durable : fast),
      ...asRoot(),
      ...(this.#options.args ?? []),
    ]
  }

  async #tryConnection(): Promise<void> {
    const connection = await this.connect({ connectTimeout: 5_000 })
    await connection.query('SELECT 1')
    await connection.end()
  }

  #keptConnection(): Promise<Connection> {
    this.#kept ??= this.connect({ multipleStatements: true }).then((connection) => {
      connection.on('error', () => this.#dropKept())
      return connection
    })
    this.#kept.catch(() => {
      this.#kept = null
    })
    return this.#kept
  }

  #dropKept(): void {
    this.#kept?.then(
      (connection) => connection.destroy(),
      () => {},
    )
    this.#kept = null
  }
}
