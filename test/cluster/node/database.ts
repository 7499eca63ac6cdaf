/** A MariaDB server on a machine of the test's network: the source and the target of its replication jobs. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import { recipeOf, testPassword, testUser } from '../../harness/mysql-kinds.ts'
import { asRoot, copyTemplate } from '../../harness/mysql-template.ts'
import { whenReady } from '../../harness/ready.ts'
import { ServerProcess } from '../../harness/server-process.ts'
import type { Network } from '../network/network.ts'

export class Database implements AsyncDisposable {
  readonly port: number
  readonly #host: string
  readonly #network: Network
  readonly #server: ServerProcess

  private constructor(port: number, host: string, network: Network, server: ServerProcess) {
    this.port = port
    this.#host = host
    this.#network = network
    this.#server = server
  }

  /** @param place the machine it runs on, and a folder for its data */
  static async start(
    network: Network,
    place: { readonly machine: string; readonly folder: string; readonly port: number },
  ): Promise<Database> {
    const recipe = await recipeOf('mariadb-10.11')
    await mkdir(join(place.folder, 'tmp'), { recursive: true })
    await copyTemplate('mariadb-10.11', recipe, join(place.folder, 'data'))
    const { address, managementAddress } = network.machine(place.machine)
    const server = new ServerProcess(
      network.on(place.machine, {
        command: recipe.command,
        args: [
          ...recipe.args,
          ...recipe.serveArgs,
          `--datadir=${join(place.folder, 'data')}`,
          `--bind-address=${address === managementAddress ? address : '0.0.0.0'}`,
          `--port=${place.port}`,
          `--socket=${join(place.folder, 's')}`,
          `--pid-file=${join(place.folder, 'pid')}`,
          `--tmpdir=${join(place.folder, 'tmp')}`,
          `--server-id=${place.port}`,
          '--log-bin=binlog',
          '--skip-name-resolve',
          '--innodb-buffer-pool-size=64M',
          '--performance-schema=OFF',
          '--innodb-flush-log-at-trx-commit=2',
          '--sync-binlog=0',
          ...asRoot(),
        ],
        logPath: join(place.folder, 'server.log'),
      }),
    )
    const database = new Database(place.port, managementAddress, network, server)
    await whenReady(server, `MariaDB on ${place.machine}:${place.port}`, async () =>
      (await database.connect()).destroy(),
    )
    return database
  }

  /** A new connection, which the caller ends. */
  connect(): Promise<Connection> {
    return createConnection({
      stream: () => this.#network.hub.connect(this.#host, this.port),
      user: testUser,
      password: testPassword,
      supportBigNumbers: true,
      dateStrings: true,
      connectTimeout: 5_000,
    })
  }

  /** As a replication job names it. @param address where the agents reach it */
  asConnection(address: string): Readonly<Record<string, unknown>> {
    return { Key: { Host: address, Port: this.port }, User: testUser, Password: testPassword }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.kill()
  }
}
