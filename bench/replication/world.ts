/**
 * One source, and for each follower a target of its own: all servers of one kind, with the same durability
 * (`innodb_flush_log_at_trx_commit=2`, `sync_binlog=0`), the binary log on everywhere.
 *
 * Easy to get wrong: only one follower may work at a time, or they would take the machine from each other; all others rest.
 */
import { Scope } from '../../src/core/scope.ts'
import { type ServerKind, startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import type { Follower, FollowerName } from './follower.ts'
import { createMarks, Marks } from './marks.ts'
import { MillraceJob } from './millrace-job.ts'
import { NativeReplica } from './native-replica.ts'
import type { WorldChoice } from './world-choice.ts'

export interface WorldOptions extends WorldChoice {
  /** What is replicated. */
  readonly schema: string
  /** Creates the schema at the source, and what is there before any follower begins. */
  readonly prepare: (source: TestServer) => Promise<void>
}

const withinMs = 600_000

/** Enough for the tables of every benchmark here, so that no disk is measured; a log that does not stop a server either. */
const memory: Readonly<Record<ServerKind, readonly string[]>> = {
  'mysql-9.7': ['--innodb-buffer-pool-size=768M', '--innodb-redo-log-capacity=1G'],
  'mysql-5.6': ['--innodb-buffer-pool-size=768M', '--innodb-log-file-size=512M'],
  'mariadb-10.11': ['--innodb-buffer-pool-size=768M', '--innodb-log-file-size=1G'],
}

export class World implements AsyncDisposable {
  readonly source: TestServer
  readonly followers: readonly Follower[]
  readonly marks: Marks
  readonly schema: string
  readonly #scope: Scope

  private constructor(source: TestServer, followers: readonly Follower[], marks: Marks, schema: string, scope: Scope) {
    this.source = source
    this.followers = followers
    this.marks = marks
    this.schema = schema
    this.#scope = scope
  }

  /** Every follower has what the source has, and rests. */
  static async start(options: WorldOptions): Promise<World> {
    const scope = new Scope()
    try {
      const start = async () =>
        scope.use(await startServer(options.kind, { args: memory[options.kind] }), (server) =>
          server[Symbol.asyncDispose](),
        )
      const named = options.followers.map(async (name) => ({ name, target: await start() }))
      const [source, targets] = await Promise.all([start(), Promise.all(named)])
      await options.prepare(source)
      await createMarks(source, options.schema)
      const marks = new Marks(source, options.schema)
      const followers = await Promise.all(
        targets.map(async ({ name, target }) => {
          const follower = await follow(name, source, target, options)
          scope.use(follower, (one) => one[Symbol.asyncDispose]())
          await marks.arrival(await marks.set(), follower, withinMs)
          await follower.stop()
          return follower
        }),
      )
      return new World(source, followers, marks, options.schema, scope)
    } catch (error) {
      await scope.close()
      throw error
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope.close()
  }
}

async function follow(
  name: FollowerName,
  source: TestServer,
  target: TestServer,
  { schema, workers, profileDir }: WorldOptions,
): Promise<Follower> {
  if (name === 'native-1' || name === 'native-4') {
    const replica = await NativeReplica.over(source, target, name === 'native-1' ? 1 : 4)
    await replica.start()
    return replica
  }
  return await MillraceJob.over({
    source,
    target,
    schema,
    name,
    ...(workers === undefined ? {} : { workers }),
    ...(profileDir === undefined ? {} : { profileDir }),
  })
}
