/** Several real agents that are one system on a NATS server of the user's own. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from './eventually.ts'
import { type AgentOptions, startAgent, type TestAgent } from './millrace-agent.ts'
import { startNats, type TestNats } from './nats-server.ts'
import { tempDir } from './temp-dir.ts'

/** A member as both APIs show it, as far as tests need it. */
export interface ShownMember {
  readonly Name: string
  readonly Status: number
  readonly Tags: Readonly<Record<string, string>>
}

export interface AgentsOnNats extends AsyncDisposable {
  readonly nats: TestNats
  /** Named `node1`, `node2`, ... */
  readonly agents: readonly TestAgent[]
  named(name: string): TestAgent
  /** Names of the leader as each of these agents tells it; undefined while one does not know. */
  leaders(agents?: readonly TestAgent[]): Promise<readonly (string | undefined)[]>
  /** The leader that all of these agents name. */
  agreedLeader(withinMs: number, agents?: readonly TestAgent[]): Promise<string>
}

/** Starts NATS and as many agents; @param optionsOf what is special about one of them */
export async function startAgentsOnNats(
  count: number,
  optionsOf: (index: number) => AgentOptions = () => ({}),
): Promise<AgentsOnNats> {
  const folder = await tempDir('mr-cluster-')
  const tokenPath = join(folder.path, 'cluster-token')
  writeFileSync(tokenPath, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  const nats = await startNats()
  const indexes = Array.from({ length: count }, (_, index) => index)
  const started = await Promise.allSettled(
    indexes.map((index) => {
      const { args = [], ...more } = optionsOf(index)
      const common = ['--nats', nats.url, '--node-name', `node${index + 1}`, '--cluster-token-file', tokenPath]
      return startAgent({ ...more, args: [...common, ...args] })
    }),
  )
  const agents = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  const dispose = async () => {
    await Promise.all(agents.map((agent) => agent[Symbol.asyncDispose]()))
    await nats[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  }
  const failed = started.find((start) => start.status === 'rejected')
  if (failed !== undefined) {
    await dispose()
    throw failed.reason
  }
  const leaders = (of: readonly TestAgent[] = agents) => Promise.all(of.map(leaderOf))
  return {
    nats,
    agents,
    named(name) {
      const agent = agents[Number(name.slice('node'.length)) - 1]
      if (agent === undefined) throw new Error(`there is no agent ${name}`)
      return agent
    },
    leaders,
    agreedLeader: (withinMs, of = agents) =>
      eventually(
        async () => {
          const [first, ...others] = await leaders(of)
          return others.every((name) => name === first) ? first : undefined
        },
        withinMs,
        'one leader, known to all',
      ),
    [Symbol.asyncDispose]: dispose,
  }
}

async function leaderOf(agent: TestAgent): Promise<string | undefined> {
  const { status, json } = await agent.dkron('GET', '/v1/leader')
  return status === 200 ? (json as ShownMember | null)?.Name : undefined
}

/** As one agent sees them: status by name. */
export async function membersSeenBy(agent: TestAgent): Promise<ReadonlyMap<string, ShownMember>> {
  const { json } = await agent.dkron('GET', '/v1/members')
  return new Map((json as readonly ShownMember[]).map((member) => [member.Name, member]))
}

/** Looks again and again for as long as that takes. */
export async function during<Value>(ms: number, look: () => Promise<Value>, everyMs = 100): Promise<readonly Value[]> {
  const seen: Value[] = []
  const endMs = performance.now() + ms
  while (performance.now() < endMs) {
    seen.push(await look())
    await sleep(everyMs)
  }
  return seen
}
