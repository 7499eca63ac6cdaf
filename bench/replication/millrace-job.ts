/**
 * Millrace's whole path: an agent with its NATS server and both task processes, for one job.
 *
 * Easy to get wrong: a paused job has no task processes, so resuming it starts them, as it would after any pause; a drain
 * that begins with the order has that in it.
 */
import { eventually } from '../../test/harness/eventually.ts'
import { startAgent, type TestAgent } from '../../test/harness/millrace-agent.ts'
import type { TestServer } from '../../test/harness/mysql-servers.ts'
import { cpuSeconds, peakMiB, processTree, withCommand } from '../process-cost.ts'
import type { Follower, FollowerCost, FollowerName } from './follower.ts'

export interface MillraceJobOptions {
  readonly source: TestServer
  readonly target: TestServer
  readonly schema: string
  readonly name: 'millrace' | 'millrace-sql'
  /** Sessions of the target task; absent: the job's own default. */
  readonly workers?: number
  /** Where the processes leave their CPU profiles when they end; absent: they make none. */
  readonly profileDir?: string
}

const copiedWithinMs = 120_000

interface Stats {
  readonly Status: string
  readonly StatusDescription: string
  readonly Tasks: readonly { readonly Stage: string; readonly Strategy: string | null }[]
}

export class MillraceJob implements Follower {
  readonly name: FollowerName
  readonly target: TestServer
  readonly #agent: TestAgent
  readonly #id: string

  private constructor(name: FollowerName, target: TestServer, agent: TestAgent, id: string) {
    this.name = name
    this.target = target
    this.#agent = agent
    this.#id = id
  }

  /** Starts an agent, makes the job, and waits until its copy is over and changes flow. */
  static async over(options: MillraceJobOptions): Promise<MillraceJob> {
    const { target, name, profileDir } = options
    const profile = profileDir === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDir}` }
    const agent = await startAgent({ env: profile })
    const answer = await agent.udup('POST', '/v1/jobs', jobOf(options))
    const { ID } = answer.json as { ID?: string }
    if (ID === undefined) throw new Error(`the agent refused the job: ${answer.text}`)
    const job = new MillraceJob(name, target, agent, ID)
    await eventually(() => job.#isStreaming(), copiedWithinMs, `${name} streaming`)
    return job
  }

  async start(): Promise<void> {
    await this.#order('resume')
  }

  async stop(): Promise<void> {
    await this.#order('pause')
    await eventually(() => this.taskPids().length === 0, 60_000, 'the end of the tasks')
  }

  cost(): FollowerCost {
    const pids = processTree(this.#agent.pid)
    return {
      ownCpuSeconds: pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0),
      targetCpuSeconds: cpuSeconds(this.target.pid),
      peakTaskMiB: Math.max(0, ...this.taskPids().map(peakMiB)),
    }
  }

  /** The strategy that it applied the last changes by, as it tells. */
  async how(): Promise<string> {
    return (await this.#stats()).Tasks[1]?.Strategy ?? ''
  }

  async failure(): Promise<string | null> {
    const { Status, StatusDescription } = await this.#stats()
    return Status === 'dead' ? StatusDescription : null
  }

  taskPids(): readonly number[] {
    return withCommand(processTree(this.#agent.pid), 'replication-task-main')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.stop()
    await this.#agent[Symbol.asyncDispose]()
  }

  /** @throws Error when the job is dead, which `eventually` takes for not yet: it is tried again */
  async #isStreaming(): Promise<boolean> {
    const { Status, StatusDescription, Tasks } = await this.#stats()
    if (Status === 'dead') throw new Error(StatusDescription)
    return Status === 'running' && Tasks[1]?.Stage === 'incremental'
  }

  async #order(order: 'pause' | 'resume'): Promise<void> {
    const answer = await this.#agent.udup('POST', `/v1/job/${this.#id}/${order}`)
    if (answer.status !== 200) throw new Error(`the agent refused to ${order}: ${answer.text}`)
  }

  async #stats(): Promise<Stats> {
    return (await this.#agent.udup('GET', `/v1/job/${this.#id}/stats`)).json as Stats
  }
}

function jobOf({ source, target, schema, name, workers }: MillraceJobOptions): object {
  const connection = (server: TestServer) => ({
    ConnectionConfig: {
      Key: { Host: server.host, Port: server.port },
      User: server.user,
      Password: server.password,
    },
  })
  return {
    Name: name,
    Type: 'synchronous',
    Tasks: [
      {
        Type: 'Src',
        Driver: 'MySQL',
        Config: { Gtid: '', ReplicateDoDb: [{ TableSchema: schema }], ...connection(source) },
      },
      {
        Type: 'Dest',
        Driver: 'MySQL',
        Config: {
          ApproveHeterogeneous: name === 'millrace-sql',
          ...(workers === undefined ? {} : { ParallelWorkers: workers }),
          ...connection(target),
        },
      },
    ],
  }
}
