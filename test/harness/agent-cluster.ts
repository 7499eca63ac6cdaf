/**
 * Several real agents that form one cluster on 127.0.0.1, each with a data directory and free ports of its own.
 *
 * Easy to get wrong: the first agent founds the cluster; the others wait for it, so all may be started at once. With three
 * and more, the NATS servers form a cluster of three by themselves some seconds later: see `whenFormed`.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { type AgentOptions, startAgent, type TestAgent } from './millrace-agent.ts'
import { tempDir } from './temp-dir.ts'

export interface AgentClusterOptions {
  readonly agents: number
  /** Further flags of every agent, or of one by its index. */
  readonly args?: readonly string[] | ((index: number) => readonly string[])
  readonly env?: Readonly<Record<string, string>>
  /** By default `node1`, `node2`, ... */
  readonly nodeName?: (index: number) => string
  /** How long a start may take; by default 60 s. */
  readonly startWithinMs?: number
}

export interface AgentCluster extends AsyncDisposable {
  /** In the order of their names; those that `add` started come last. */
  readonly agents: readonly TestAgent[]
  /** Holds the secret that all of them share. */
  readonly tokenPath: string
  /** What they were given with --join. */
  readonly joinList: string
  /** Starts another agent that joins. */
  add(options?: AgentOptions): Promise<TestAgent>
  /** Waits until as many agents as these run a NATS server, every one of them answers, and each sees all others alive. */
  whenFormed(servers: number, withinMs?: number): Promise<void>
}

/** What `GET /v1/members` of the Dkron API shows, as far as tests need it. */
interface ShownMember {
  readonly Name: string
  readonly Status: number
}

/** Serf's number. */
const alive = 1

/** Starts all agents at once and waits until their APIs answer. @throws Error with the end of a log when one does not */
export async function startAgentCluster(options: AgentClusterOptions): Promise<AgentCluster> {
  const folder = await tempDir('mr-cluster-')
  const tokenPath = join(folder.path, 'cluster-token')
  writeFileSync(tokenPath, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  const indexes = Array.from({ length: options.agents }, (_, index) => index)
  const natsPorts: number[] = []
  for (const _ of indexes) natsPorts.push(await freePort())
  const joinList = natsPorts.map((port) => `127.0.0.1:${port}`).join(',')
  const agents: TestAgent[] = []
  const launch = (index: number, more: AgentOptions = {}) =>
    startAgent({
      startWithinMs: options.startWithinMs ?? 60_000,
      ...more,
      ...(options.env === undefined ? {} : { env: { ...options.env, ...more.env } }),
      args: [
        ...['--node-name', options.nodeName?.(index) ?? `node${index + 1}`],
        ...['--join', joinList, '--cluster-token-file', tokenPath],
        ...argsOf(options, index),
        ...(more.args ?? []),
      ],
    })
  const dispose = async () => {
    await Promise.all(agents.map((agent) => agent[Symbol.asyncDispose]()))
    await folder[Symbol.asyncDispose]()
  }
  const started = await Promise.allSettled(
    indexes.map((index) => launch(index, natsPorts[index] === undefined ? {} : { natsPort: natsPorts[index] })),
  )
  for (const start of started) if (start.status === 'fulfilled') agents.push(start.value)
  const failed = started.find((start) => start.status === 'rejected')
  if (failed !== undefined) {
    await dispose()
    throw failed.reason
  }
  return {
    agents,
    tokenPath,
    joinList,
    async add(more = {}) {
      const agent = await launch(agents.length, more)
      agents.push(agent)
      return agent
    },
    whenFormed: (servers, withinMs = 60_000) => whenFormed(agents, servers, withinMs),
    [Symbol.asyncDispose]: dispose,
  }
}

function argsOf({ args = [] }: AgentClusterOptions, index: number): readonly string[] {
  return typeof args === 'function' ? args(index) : args
}

async function whenFormed(agents: readonly TestAgent[], servers: number, withinMs: number): Promise<void> {
  const running = agents.filter((agent) => !agent.hasExited)
  const isFormed = async () => {
    if (agents.filter(runsServer).length !== servers) throw new Error(agents.map(partOf).join(', '))
    for (const agent of running) {
      const { status, json } = await agent.dkron('GET', '/v1/members')
      if (status !== 200) throw new Error(`GET /v1/members answered ${status}`)
      const seen = (json as readonly ShownMember[]).filter((member) => member.Status === alive)
      if (seen.length !== running.length) throw new Error(`an agent sees ${seen.map(({ Name }) => Name).join(', ')}`)
    }
    return true
  }
  await eventually(isFormed, withinMs, `a cluster of ${servers} servers`)
}

/** What the agent keeps in its data directory of its part in the cluster. */
export function partOf(agent: Pick<TestAgent, 'dataDir'>): 'home' | 'server' | 'client' | 'none' {
  try {
    const record = JSON.parse(readFileSync(join(agent.dataDir, 'cluster.json'), 'utf8')) as { role: 'home' }
    return record.role
  } catch {
    return 'none'
  }
}

function runsServer(agent: TestAgent): boolean {
  return partOf(agent) === 'home' || partOf(agent) === 'server'
}
