/**
 * The peer: the target as a replica of the server's own kind, with as many workers as asked.
 *
 * Easy to get wrong: a fresh server has an empty GTID set and no row of its own, so it takes the source's whole history,
 * the making of the tables included; `start` and the first `stop` bring it there.
 */
import { eventually } from '../../test/harness/eventually.ts'
import type { TestServer } from '../../test/harness/mysql-servers.ts'
import { cpuSeconds } from '../process-cost.ts'
import type { Follower, FollowerCost, FollowerName } from './follower.ts'

interface Dialect {
  readonly configure: (source: TestServer, workers: number) => readonly string[]
  readonly start: string
  readonly stop: string
  readonly status: string
}

const dialects: Readonly<Record<TestServer['kind'], Dialect>> = {
  'mysql-9.7': {
    configure: (source, workers) => [
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${source.host}', SOURCE_PORT=${source.port}, SOURCE_USER='${source.user}',
       SOURCE_PASSWORD='${source.password}', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1`,
      `SET GLOBAL replica_parallel_workers=${workers}`,
    ],
    start: 'START REPLICA',
    stop: 'STOP REPLICA',
    status: 'SHOW REPLICA STATUS',
  },
  'mysql-5.6': {
    configure: (source, workers) => [
      `${changeMaster(source)}, MASTER_AUTO_POSITION=1`,
      // Its workers share the schemas among them; with 0 the coordinator applies everything itself.
      `SET GLOBAL slave_parallel_workers=${workers === 1 ? 0 : workers}`,
    ],
    start: 'START SLAVE',
    stop: 'STOP SLAVE',
    status: 'SHOW SLAVE STATUS',
  },
  'mariadb-10.11': {
    configure: (source, workers) => [
      `${changeMaster(source)}, MASTER_USE_GTID=slave_pos`,
      `SET GLOBAL slave_parallel_threads=${workers === 1 ? 0 : workers}`,
      "SET GLOBAL slave_parallel_mode='optimistic'",
    ],
    start: 'START SLAVE',
    stop: 'STOP SLAVE',
    status: 'SHOW SLAVE STATUS',
  },
}

export class NativeReplica implements Follower {
  readonly name: FollowerName
  readonly target: TestServer
  readonly #dialect: Dialect

  private constructor(name: FollowerName, target: TestServer) {
    this.name = name
    this.target = target
    this.#dialect = dialects[target.kind]
  }

  static async over(source: TestServer, target: TestServer, workers: 1 | 4): Promise<NativeReplica> {
    const replica = new NativeReplica(`native-${workers}`, target)
    for (const sql of replica.#dialect.configure(source, workers)) await target.query(sql)
    return replica
  }

  async start(): Promise<void> {
    await this.target.query(this.#dialect.start)
  }

  async stop(): Promise<void> {
    await this.target.query(this.#dialect.stop)
    await eventually(async () => (await this.#status()).every((thread) => thread === 'No'), 60_000, 'a stopped replica')
  }

  cost(): FollowerCost {
    return { ownCpuSeconds: 0, targetCpuSeconds: cpuSeconds(this.target.pid), peakTaskMiB: 0 }
  }

  async how(): Promise<string> {
    return 'replication of its own'
  }

  async failure(): Promise<string | null> {
    const [row] = await this.target.query(this.#dialect.status)
    return [row?.Last_IO_Error, row?.Last_SQL_Error].filter(Boolean).join('; ') || null
  }

  /** Its replication belongs to its server and ends with it. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #status(): Promise<readonly unknown[]> {
    const [row] = await this.target.query(this.#dialect.status)
    return [row?.Replica_IO_Running ?? row?.Slave_IO_Running, row?.Replica_SQL_Running ?? row?.Slave_SQL_Running]
  }
}

function changeMaster(source: TestServer): string {
  return `CHANGE MASTER TO MASTER_HOST='${source.host}', MASTER_PORT=${source.port}, MASTER_USER='${source.user}',
    MASTER_PASSWORD='${source.password}'`
}
