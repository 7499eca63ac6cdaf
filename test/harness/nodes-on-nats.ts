/** Agents that work as one cluster over a NATS server beside them, and what a client of the API asks them. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CuttableLink, startCuttableLink } from './cuttable-link.ts'
import { startAgent, type TestAgent } from './millrace-agent.ts'
import { startNats, type TestNats } from './nats-server.ts'
import { killSurvivors } from './survivors.ts'
import { tempDir } from './temp-dir.ts'

export interface TestNode extends TestAgent {
  readonly nodeName: string
  /** Between the agent and NATS. */
  readonly link: CuttableLink
  /** The machine dies: SIGKILL to the agent, its runner and its commands. */
  die(): Promise<void>
}

export interface TestNodes extends AsyncDisposable {
  readonly nats: TestNats
  readonly nodes: readonly TestNode[]
  /** The node that leads, as the first one that answers says. */
  leader(): Promise<TestNode>
}

export interface ShownExecution {
  readonly id: string
  readonly job_name: string
  readonly node_name: string
  readonly attempt: number
  readonly group: number
  readonly started_at: string
  readonly scheduled_at: string | null
  readonly finished_at: string | null
  readonly success: boolean
  readonly outcome: string
  readonly reason: string
  readonly output: string
}

/** `args(index)` are further flags of each agent. Names are `n1`, `n2`, ... */
export async function startNodes(
  count: number,
  args: (index: number) => readonly string[] = () => [],
): Promise<TestNodes> {
  const nats = await startNats()
  const folder = await tempDir()
  const tokenFile = join(folder.path, 'token')
  writeFileSync(tokenFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  const links: CuttableLink[] = []
  const nodes: TestNode[] = []
  const dispose = async () => {
    await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    await Promise.all(links.map((link) => link[Symbol.asyncDispose]()))
    await nats[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  }
  try {
    for (let index = 0; index < count; index += 1) {
      const nodeName = `n${index + 1}`
      const link = await startCuttableLink(nats.port)
      links.push(link)
      const joined = [
        '--nats',
        `nats://127.0.0.1:${link.port}`,
        '--node-name',
        nodeName,
        '--cluster-token-file',
        tokenFile,
      ]
      const agent = await startAgent({ args: [...joined, ...args(index)] })
      nodes.push(asNode(agent, nodeName, link))
    }
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    nats,
    nodes,
    leader: () => leaderOf(nodes),
    [Symbol.asyncDispose]: dispose,
  }
}

/** @throws Error when the answer is not 200 */
export async function executionsOf(node: TestAgent, job: string): Promise<readonly ShownExecution[]> {
  const answer = await node.dkron('GET', `/v1/executions/${job}`)
  if (answer.status !== 200) throw new Error(`executions of ${job}: ${answer.status} ${answer.text}`)
  return answer.json as readonly ShownExecution[]
}

export async function createJob(node: TestAgent, job: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await node.dkron('POST', '/v1/jobs', job)
  if (answer.status !== 201) throw new Error(`job ${String(job.name)}: ${answer.status} ${answer.text}`)
}

function asNode(agent: TestAgent, nodeName: string, link: CuttableLink): TestNode {
  const die = async () => {
    await agent.kill()
    killSurvivors(agent.dataDir)
  }
  return Object.defineProperties(Object.create(agent) as TestNode, {
    nodeName: { value: nodeName, enumerable: true },
    link: { value: link },
    die: { value: die },
    [Symbol.asyncDispose]: { value: () => agent[Symbol.asyncDispose]() },
  })
}

async function leaderOf(nodes: readonly TestNode[]): Promise<TestNode> {
  for (const node of nodes.filter(({ hasExited }) => !hasExited)) {
    const { status, json } = await node.dkron('GET', '/v1/leader')
    const leader = nodes.find(({ nodeName }) => nodeName === (json as { Name?: string } | undefined)?.Name)
    if (status === 200 && leader !== undefined) return leader
  }
  throw new Error('no node knows a leader')
}
