/** Two replication jobs with a writer each: one whose tasks stay on the nodes it names, one that the cluster places. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { compareSchemas } from '../../../scripts/demo/compare.ts'
import { Scope } from '../../../src/core/scope.ts'
import { SourceWriter } from '../../crash/source-writer.ts'
import { eventually } from '../../harness/eventually.ts'
import type { TableFacts } from '../checker/facts.ts'
import type { Cluster } from '../cluster.ts'
import type { ClusterNode } from '../node/cluster-node.ts'
import { Database } from '../node/database.ts'

/** The machine of both databases. */
export const databaseMachine = 'db'
const jobNames = ['fixed', 'free'] as const
type JobName = (typeof jobNames)[number]
const rowsAtFirst = 500
/** Above all codes that the writer uses. */
const firstMark = 1_000_000

export class ReplicationLoad implements AsyncDisposable {
  readonly #cluster: Cluster
  readonly #scope: Scope
  readonly #source: Database
  readonly #target: Database
  readonly #writers: readonly SourceWriter[]
  #marks = 0

  private constructor(
    cluster: Cluster,
    scope: Scope,
    databases: { readonly source: Database; readonly target: Database },
    seed: number,
  ) {
    this.#cluster = cluster
    this.#scope = scope
    this.#source = databases.source
    this.#target = databases.target
    this.#writers = jobNames.map((name, index) => new SourceWriter(this.#source, seed + index, name))
  }

  /** Starts both databases and fills the source. */
  static async open(cluster: Cluster, seed: number): Promise<ReplicationLoad> {
    const scope = new Scope()
    try {
      const start = async (name: string, port: number) => {
        const folder = join(cluster.folder, name)
        await mkdir(folder, { recursive: true })
        const place = { machine: databaseMachine, folder, port }
        return scope.use(await Database.start(cluster.network, place), (started) => started[Symbol.asyncDispose]())
      }
      const [source, target] = await Promise.all([start('source', 13_306), start('target', 13_307)])
      const load = new ReplicationLoad(cluster, scope, { source, target }, seed)
      for (const writer of load.#writers) await writer.prepare(rowsAtFirst)
      return load
    } catch (error) {
      await scope.close()
      throw error
    }
  }

  /** Creates both jobs and lets the writers write. @param fixedTo the nodes of the source task and the target task */
  async begin(fixedTo: readonly [ClusterNode, ClusterNode]): Promise<void> {
    const ids = await Promise.all(fixedTo.map((node) => nodeIdOf(node)))
    await this.#create('fixed', ids)
    await this.#create('free', [])
    for (const writer of this.#writers) writer.start()
  }

  async stopWriting(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.stop()))
  }

  get transactions(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.transactions, 0)
  }

  /** Compares all tables until they are equal or the time is over. */
  async compare(withinMs: number): Promise<readonly TableFacts[]> {
    const [left, right] = [await this.#source.connect(), await this.#target.connect()]
    try {
      const endAt = performance.now() + withinMs
      for (;;) {
        const tables: TableFacts[] = []
        for (const job of jobNames)
          for (const comparison of await compareSchemas(left, right, job)) tables.push({ job, ...comparison })
        if (tables.every(({ isEqual }) => isEqual) || performance.now() > endAt) return tables
        await sleep(500)
      }
    } finally {
      left.destroy()
      right.destroy()
    }
  }

  /** What the jobs say of themselves, for a run that failed. */
  async statuses(node: ClusterNode): Promise<string> {
    return (await node.api('udup', 'GET', '/v1/jobs')).text
  }

  /** The node that has a task of a job now. */
  async nodeOf(job: JobName, task: 'Src' | 'Dest'): Promise<string> {
    return await eventually(
      async () => {
        const node = this.#cluster.nodes.find(({ isRunning }) => isRunning)
        const { json } = (await node?.api('udup', 'GET', `/v1/job/${job}/allocations`)) ?? {}
        const allocations = json as readonly { readonly Task: string; readonly NodeName: string }[]
        const name = allocations.find(({ Task }) => Task.toLowerCase() === task.toLowerCase())?.NodeName
        return name === '' ? undefined : name
      },
      20_000,
      `a node for the ${task} task of ${job}`,
    )
  }

  /** Waits until a row written now comes to the target of each job. */
  async whenStreaming(withinMs = 60_000): Promise<void> {
    for (const job of jobNames) {
      const marker = await this.mark(job)
      const label = `a row of ${job} at the target`
      await eventually(() => this.hasMark(job, marker), withinMs, label)
    }
  }

  /** Writes a row at the source that its writer leaves alone. @returns what to look for at the target */
  async mark(job: JobName): Promise<number> {
    this.#marks += 1
    const code = firstMark + this.#marks
    await query(this.#source, `INSERT INTO ${job}.t0 (code, word) VALUES (?, 'mark')`, [code])
    return code
  }

  async hasMark(job: JobName, code: number): Promise<boolean> {
    const rows = await query(this.#target, `SELECT 1 FROM ${job}.t0 WHERE code = ?`, [code])
    return rows.length > 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopWriting()
    await this.#scope.close()
  }

  async #create(name: string, nodeIds: readonly string[]): Promise<void> {
    const { address } = this.#cluster.network.machine(databaseMachine)
    const task = (type: 'Src' | 'Dest', database: Database, nodeId: string | undefined, more: object) => ({
      Type: type,
      Driver: 'MySQL',
      ...(nodeId === undefined ? {} : { NodeId: nodeId }),
      Config: { ConnectionConfig: database.asConnection(address), ...more },
    })
    const job = {
      Name: name,
      Type: 'synchronous',
      Tasks: [
        task('Src', this.#source, nodeIds[0], { ReplicateDoDb: [{ TableSchema: name }] }),
        task('Dest', this.#target, nodeIds[1], {}),
      ],
    }
    const [node] = this.#cluster.nodes
    await eventually(
      async () => {
        const answer = await node?.api('udup', 'POST', '/v1/jobs', job)
        if (answer?.status !== 200) throw new Error(`${answer?.status} ${answer?.text}`)
        return true
      },
      15_000,
      `creating replication job ${name}`,
    )
  }
}

async function query(database: Database, sql: string, values: readonly unknown[]): Promise<readonly unknown[]> {
  const connection = await database.connect()
  try {
    const [rows] = await connection.query(sql, [...values])
    return Array.isArray(rows) ? rows : []
  } finally {
    connection.destroy()
  }
}

async function nodeIdOf(node: ClusterNode): Promise<string> {
  const nodes = (await node.api('udup', 'GET', '/v1/nodes')).json as readonly { ID: string; Name: string }[]
  const found = nodes.find(({ Name }) => Name === node.name)
  if (found === undefined) throw new Error(`${node.name} does not list itself`)
  return found.ID
}
