/** A source, a target and an agent, and the few calls that every test of replication makes. */
import { expect } from 'vitest'
import { compareSchemas } from '../../scripts/demo/compare.ts'
import { Scope } from '../../src/core/scope.ts'
import { eventually } from './eventually.ts'
import { startAgent, type TestAgent } from './millrace-agent.ts'
import { type ServerKind, startServer, type TestServer } from './mysql-servers.ts'

export interface JobAnswer {
  readonly ID: string
  readonly Name: string
  readonly Status: string
  readonly StatusDescription: string
}

export interface StatsAnswer extends JobAnswer {
  readonly Tasks: readonly {
    readonly Type: string
    readonly Stage: string
    readonly Strategy: string | null
    readonly LagMs: number | null
    readonly RowsDone: number
    readonly Tables: readonly { readonly TableName: string; readonly RowsDone: number; readonly Done: boolean }[]
  }[]
}

export interface PairOptions {
  readonly sourceArgs?: readonly string[]
  readonly targetArgs?: readonly string[]
  readonly agentArgs?: readonly string[]
}

export class ReplicationPair implements AsyncDisposable {
  readonly source: TestServer
  readonly target: TestServer
  readonly agent: TestAgent
  readonly #scope: Scope

  private constructor(source: TestServer, target: TestServer, agent: TestAgent, scope: Scope) {
    this.source = source
    this.target = target
    this.agent = agent
    this.#scope = scope
  }

  static async start(kind: ServerKind, options: PairOptions = {}): Promise<ReplicationPair> {
    const scope = new Scope()
    try {
      const server = async (args: readonly string[] = []) =>
        scope.use(await startServer(kind, { args, durable: true }), (started) => started[Symbol.asyncDispose]())
      const [source, target] = await Promise.all([server(options.sourceArgs), server(options.targetArgs)])
      const agent = scope.use(await startAgent({ args: options.agentArgs ?? [] }), (started) =>
        started[Symbol.asyncDispose](),
      )
      return new ReplicationPair(source, target, agent, scope)
    } catch (error) {
      await scope.close()
      throw error
    }
  }

  /** A job of all of `schema`; `source`, `target` and the whole job take further fields. */
  jobOf(
    schema: string,
    more: { readonly source?: object; readonly target?: object; readonly job?: object } = {},
  ): object {
    return {
      Name: schema,
      Type: 'synchronous',
      Tasks: [
        {
          Type: 'Src',
          Driver: 'MySQL',
          Config: {
            Gtid: '',
            ReplicateDoDb: [{ TableSchema: schema }],
            ConnectionConfig: connectionOf(this.source),
            ...more.source,
          },
        },
        { Type: 'Dest', Driver: 'MySQL', Config: { ConnectionConfig: connectionOf(this.target), ...more.target } },
      ],
      ...more.job,
    }
  }

  async create(job: object): Promise<JobAnswer> {
    const answer = await this.agent.udup('POST', '/v1/jobs', job)
    expect(answer.status, answer.text).toBe(200)
    return answer.json as JobAnswer
  }

  async job(id: string): Promise<JobAnswer> {
    return (await this.agent.udup('GET', `/v1/job/${id}`)).json as JobAnswer
  }

  async stats(id: string): Promise<StatsAnswer> {
    return (await this.agent.udup('GET', `/v1/job/${id}/stats`)).json as StatsAnswer
  }

  async whenStreaming(id: string, withinMs = 60_000): Promise<void> {
    await eventually(async () => {
      const stats = await this.stats(id)
      expect(stats.Tasks[1]?.Stage, stats.StatusDescription).toBe('incremental')
      expect(stats.Status, stats.StatusDescription).toBe('running')
      return true
    }, withinMs)
  }

  async whenEqual(schema: string, tableCount: number, withinMs = 60_000): Promise<void> {
    const [left, right] = [await this.source.connect(), await this.target.connect()]
    try {
      await eventually(async () => {
        const comparison = await compareSchemas(left, right, schema)
        expect(comparison.length).toBe(tableCount)
        expect(comparison.filter((table) => !table.isEqual)).toEqual([])
        return true
      }, withinMs)
    } finally {
      left.destroy()
      right.destroy()
    }
  }

  /** Waits until the job's status is `status` and its description matches. */
  async whenStatus(id: string, status: string, description: RegExp, withinMs = 45_000): Promise<JobAnswer> {
    return await eventually(async () => {
      const job = await this.job(id)
      expect(`${job.Status}: ${job.StatusDescription}`).toMatch(new RegExp(`^${status}: `))
      expect(job.StatusDescription).toMatch(description)
      return job
    }, withinMs)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope.close()
  }
}

export function connectionOf(server: Pick<TestServer, 'host' | 'port' | 'user' | 'password'>): {
  readonly [field: string]: unknown
} {
  return { Key: { Host: server.host, Port: server.port }, User: server.user, Password: server.password }
}
