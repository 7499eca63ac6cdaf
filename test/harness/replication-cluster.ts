/** A source, a target and several agents that form one cluster, and the few calls that tests of failover make. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { compareSchemas } from '../../scripts/demo/compare.ts'
import { Scope } from '../../src/core/scope.ts'
import { type AgentCluster, type AgentClusterOptions, startAgentCluster } from './agent-cluster.ts'
import { eventually } from './eventually.ts'
import type { TestAgent } from './millrace-agent.ts'
import { type ServerKind, startServer, type TestServer } from './mysql-servers.ts'
import { connectionOf, type JobAnswer, type StatsAnswer } from './replication-pair.ts'

export interface ShownNode {
  readonly ID: string
  readonly Name: string
  readonly Status: string
  readonly NatsAddr: string
}

type Agents = Pick<AgentCluster, 'agents'> & Partial<AgentCluster> & AsyncDisposable

/** Names of the nodes that have the two tasks; empty: nowhere. */
export interface Places {
  readonly source: string
  readonly target: string
}

export class ReplicationCluster implements AsyncDisposable {
  readonly source: TestServer
  readonly target: TestServer
  readonly cluster: Agents
  readonly #scope: Scope

  private constructor(source: TestServer, target: TestServer, cluster: Agents, scope: Scope) {
    this.source = source
    this.target = target
    this.cluster = cluster
    this.#scope = scope
  }

  static start(kind: ServerKind, options: AgentClusterOptions): Promise<ReplicationCluster> {
    return ReplicationCluster.over(kind, () => startAgentCluster(options))
  }

  /** Agents of any kind, named `node1`, `node2`, ... */
  static async over(kind: ServerKind, startAgents: () => Promise<Agents>): Promise<ReplicationCluster> {
    const scope = new Scope()
    try {
      const server = async () =>
        scope.use(await startServer(kind, { durable: true }), (started) => started[Symbol.asyncDispose]())
      const [source, target] = await Promise.all([server(), server()])
      const cluster = scope.use(await startAgents(), (started) => started[Symbol.asyncDispose]())
      const world = new ReplicationCluster(source, target, cluster, scope)
      await world.whenAllReady()
      return world
    } catch (error) {
      await scope.close()
      throw error
    }
  }

  /** Waits until every agent takes every other one for alive: before, tasks may all go to one. */
  async whenAllReady(withinMs = 15_000): Promise<void> {
    const { agents } = this.cluster
    await eventually(async () => {
      for (const agent of agents)
        expect((await this.nodes(agent)).map(({ Status }) => Status)).toEqual(agents.map(() => 'ready'))
      return true
    }, withinMs)
  }

  /** The agent of a node by its name, `node1` being the first. */
  agent(name: string): TestAgent {
    const found = this.cluster.agents[Number(name.replace('node', '')) - 1]
    if (found === undefined) throw new Error(`there is no node "${name}"`)
    return found
  }

  /** One that is none of `names`. */
  agentBeside(...names: readonly string[]): TestAgent {
    const index = this.cluster.agents.findIndex((agent, at) => !names.includes(`node${at + 1}`) && !agent.hasExited)
    return this.agent(`node${index + 1}`)
  }

  async nodes(by: TestAgent): Promise<readonly ShownNode[]> {
    return (await by.udup('GET', '/v1/nodes')).json as readonly ShownNode[]
  }

  /** A job of all of `schema`; `source` and `target` take further fields of the task, `config` of both configurations. */
  jobOf(schema: string, more: { readonly source?: object; readonly target?: object } = {}): object {
    const config = (server: TestServer) => ({ ConnectionConfig: connectionOf(server) })
    const include = { Gtid: '', ReplicateDoDb: [{ TableSchema: schema }] }
    return {
      Name: schema,
      Type: 'synchronous',
      Tasks: [
        { Type: 'Src', Driver: 'MySQL', Config: { ...include, ...config(this.source) }, ...more.source },
        { Type: 'Dest', Driver: 'MySQL', Config: config(this.target), ...more.target },
      ],
    }
  }

  async create(job: object, by: TestAgent): Promise<JobAnswer> {
    const answer = await by.udup('POST', '/v1/jobs', job)
    expect(answer.status, answer.text).toBe(200)
    return answer.json as JobAnswer
  }

  async job(id: string, by: TestAgent): Promise<JobAnswer> {
    return (await by.udup('GET', `/v1/job/${id}`)).json as JobAnswer
  }

  async places(id: string, by: TestAgent): Promise<Places> {
    const allocations = (await by.udup('GET', `/v1/job/${id}/allocations`)).json as readonly { NodeName: string }[]
    return { source: allocations[0]?.NodeName ?? '', target: allocations[1]?.NodeName ?? '' }
  }

  async whenStreaming(id: string, by: TestAgent, withinMs = 60_000): Promise<Places> {
    return await eventually(async () => {
      const stats = (await by.udup('GET', `/v1/job/${id}/stats`)).json as StatsAnswer
      expect(stats.Tasks[1]?.Stage, stats.StatusDescription).toBe('incremental')
      expect(stats.Status, stats.StatusDescription).toBe('running')
      return await this.places(id, by)
    }, withinMs)
  }

  async whenStatus(id: string, by: TestAgent, status: string, description: RegExp, withinMs = 30_000): Promise<void> {
    await eventually(async () => {
      const job = await this.job(id, by)
      expect(`${job.Status}: ${job.StatusDescription}`).toMatch(new RegExp(`^${status}: `))
      expect(job.StatusDescription).toMatch(description)
      return true
    }, withinMs)
  }

  /** Writes a row into `table` of the source and waits until the target has it. @returns how long that took, in ms */
  async flow(table: string, note: string, withinMs: number): Promise<number> {
    const startedAt = performance.now()
    await this.source.query(`INSERT INTO ${table} (note) VALUES ('${note}')`)
    const isThere = async () => {
      const [row] = await this.target.query(`SELECT COUNT(*) AS n FROM ${table} WHERE note = '${note}'`)
      return Number(row?.n) > 0
    }
    await eventually(isThere, withinMs, `the row "${note}"`).catch(async (cause: unknown) => {
      const { json } = await this.agentBeside().udup('GET', '/v1/jobs')
      const states = (json as readonly JobAnswer[]).map((job) => `${job.Name} ${job.Status}: ${job.StatusDescription}`)
      throw new Error(`the row "${note}" did not come within ${withinMs} ms; ${states.join('; ')}`, { cause })
    })
    return performance.now() - startedAt
  }

  async whenEqual(schema: string, withinMs = 60_000): Promise<void> {
    const [left, right] = [await this.source.connect(), await this.target.connect()]
    try {
      await eventually(async () => {
        const comparison = await compareSchemas(left, right, schema)
        expect(comparison.length).toBeGreaterThan(0)
        expect(comparison.filter((table) => !table.isEqual)).toEqual([])
        return true
      }, withinMs)
    } finally {
      left.destroy()
      right.destroy()
    }
  }

  /**
   * Stops an agent and the processes of its tasks, as a frozen machine would, or the agent alone, as one that is cut off
   * would; its NATS server goes on.
   */
  freeze(agent: TestAgent, what: 'agent and tasks' | 'agent alone' = 'agent and tasks'): Frozen {
    const pids = [agent.pid, ...(what === 'agent alone' ? [] : taskPidsOf(agent.pid))]
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    const thaw = () => {
      for (const pid of pids.splice(0)) process.kill(pid, 'SIGCONT')
    }
    return { thaw, [Symbol.dispose]: thaw }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope.close()
  }
}

export interface Frozen extends Disposable {
  thaw(): void
}

/** Processes of replication tasks that this agent started: proc_pid_stat(5), field 4. */
export function taskPidsOf(agentPid: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        return parent === agentPid && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('replication-task-main')
      } catch {
        return false
      }
    })
}

/** Between two transactions: what waits for a row must not wait for the backlog of a machine that is too slow. */
const pauseMs = 25

/** Changes rows all the time in ways that a lost or doubled transaction would show, until it is stopped. */
export class BusyWriter implements AsyncDisposable {
  readonly #stopping = new AbortController()
  readonly #running: Promise<number>

  constructor(server: TestServer, table: string) {
    this.#running = this.#run(server, table)
  }

  /** @returns how many transactions it made */
  stop(): Promise<number> {
    this.#stopping.abort()
    return this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #run(server: TestServer, table: string): Promise<number> {
    const connection = await server.connect({ multipleStatements: true })
    let count = 0
    try {
      for (; !this.#stopping.signal.aborted; count += 1) {
        await connection.query(
          `BEGIN; INSERT INTO ${table} (note) VALUES ('busy'), ('busy'), ('busy');
           UPDATE ${table} SET changes = changes + 1 ORDER BY id DESC LIMIT 5; COMMIT`,
        )
        await sleep(pauseMs)
        if (count % 10 === 9) await connection.query(`DELETE FROM ${table} ORDER BY id LIMIT 7`)
      }
    } finally {
      connection.destroy()
    }
    return count
  }
}

/** A table for `flow` and `BusyWriter`, with some rows. */
export async function makeTable(server: TestServer, schema: string): Promise<string> {
  const table = `${schema}.notes`
  await server.query(
    `CREATE DATABASE ${schema};
     CREATE TABLE ${table} (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(60), changes INT NOT NULL DEFAULT 0) ENGINE=InnoDB`,
  )
  await server.query(`INSERT INTO ${table} (note) VALUES ${Array.from({ length: 300 }, () => "('first')").join(',')}`)
  return table
}
