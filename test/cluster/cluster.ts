/** A cluster under test: the network, its machines with their agents, and what can be asked of all of them. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Scope } from '../../src/core/scope.ts'
import { eventually } from '../harness/eventually.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { copyShortages } from './checker/check-cluster.ts'
import type { CopyFacts } from './checker/facts.ts'
import { type Network, openNetwork } from './network/network.ts'
import { ClusterNode, natsPort } from './node/cluster-node.ts'

export interface ClusterOptions {
  /** How many agents; they are called n1, n2 and so on. */
  readonly nodes: number
  /** Machines without an agent. */
  readonly moreMachines?: readonly string[]
  readonly hasProxies?: boolean
  readonly hasSmallDisks?: boolean
  /** Names of nodes whose wall clock can be set. */
  readonly oddClocks?: readonly string[]
  /** Further flags of each node's agent. */
  readonly argsOf?: (name: string, index: number) => readonly string[]
}

/** A member as both APIs answer it. */
export interface MemberAnswer {
  readonly Name: string
  /** 1 alive, 2 leaving, 3 left, 4 failed. */
  readonly Status: number
  readonly Tags: Readonly<Record<string, string>>
}

/** What `GET /ops/cluster` answers, as far as it is read here. */
interface OpsAnswer {
  readonly nats: {
    readonly error: string | null
    readonly servers: readonly {
      readonly name: string
      readonly node_name: string | null
      readonly reachable: boolean
    }[]
    readonly streams: readonly {
      readonly name: string
      readonly replicas_wanted: number
      readonly replicas_current: number
    }[]
  }
}

/** Agents that run a NATS server, unless the settings say otherwise. */
const mostServers = 3

export class Cluster implements AsyncDisposable {
  readonly network: Network
  readonly nodes: readonly ClusterNode[]
  /** For files of the test. */
  readonly folder: string
  readonly #serversWanted: number
  readonly #scope: Scope

  private constructor(network: Network, nodes: readonly ClusterNode[], folder: string, scope: Scope) {
    this.network = network
    this.nodes = nodes
    this.folder = folder
    this.#serversWanted = Math.min(mostServers, nodes.length)
    this.#scope = scope
  }

  /** Makes the network and the machines; starts nobody. */
  static async prepare(options: ClusterOptions): Promise<Cluster> {
    const scope = new Scope()
    try {
      const folder = scope.use(await tempDir('mr-cl-'), (made) => made[Symbol.asyncDispose]())
      const names = Array.from({ length: options.nodes }, (_none, index) => `n${index + 1}`)
      const machines = [...names, ...(options.moreMachines ?? [])]
      const network = scope.use(await openNetwork({ machines, hasProxies: options.hasProxies ?? false }), (opened) =>
        opened[Symbol.asyncDispose](),
      )
      const tokenPath = join(folder.path, 'token')
      writeFileSync(tokenPath, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
      const joined = names
        .slice(0, mostServers)
        .map((name) => `${network.machine(name).advertised}:${natsPort}`)
        .join()
      const nodes = names.map((name, index) => {
        const node = new ClusterNode({
          name,
          network,
          folder: join(folder.path, name),
          hasSmallDisk: options.hasSmallDisks ?? false,
          hasOddClock: options.oddClocks?.includes(name) ?? false,
          args: [
            ...['--cluster-token-file', tokenPath, '--join', joined],
            ...['--stream-limit', '64MB', '--history-limit', '5000', '--leave-timeout', '10s'],
            ...(options.argsOf?.(name, index) ?? []),
          ],
        })
        return scope.use(node, (made) => made[Symbol.asyncDispose]())
      })
      return new Cluster(network, nodes, folder.path, scope)
    } catch (error) {
      await scope.close()
      throw error
    }
  }

  /** The same, and starts all agents and waits until they are one cluster. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = await Cluster.prepare(options)
    try {
      await Promise.all(cluster.nodes.map((node) => node.start()))
      await cluster.whenWhole()
      return cluster
    } catch (error) {
      cluster.tellLogs()
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  node(name: string): ClusterNode {
    const found = this.nodes.find((node) => node.name === name)
    if (found === undefined) throw new Error(`no node ${name}`)
    return found
  }

  /** Waits until every node sees all of them alive, one leader, and full replicas. */
  async whenWhole(withinMs = 90_000): Promise<void> {
    await eventually(
      async () => {
        const leaders = new Set<string>()
        for (const node of this.nodes) {
          const members = await this.membersAt(node)
          const alive = members.filter(({ Status }) => Status === 1).map(({ Name }) => Name)
          if (alive.length !== this.nodes.length)
            throw new Error(`${node.name} sees ${JSON.stringify(members.map(({ Name, Status }) => [Name, Status]))}`)
          leaders.add((await this.leaderAt(node)) ?? 'nobody')
        }
        if (leaders.size !== 1 || leaders.has('nobody')) throw new Error(`leaders: ${[...leaders].join()}`)
        const shortages = copyShortages(await this.copiesAt(this.nodes[0] as ClusterNode))
        if (shortages.length > 0) throw new Error(shortages.join('; '))
        return true
      },
      withinMs,
      'a whole cluster',
    )
  }

  /** Where everything is stored, as a node tells it. */
  async copiesAt(node: ClusterNode): Promise<CopyFacts> {
    const { status, json, text } = await node.api('dkron', 'GET', '/ops/cluster')
    if (status !== 200) throw new Error(`GET /ops/cluster at ${node.name}: ${status} ${text}`)
    const { nats } = json as OpsAnswer
    if (nats.error !== null) throw new Error(`${node.name} cannot read the state of NATS: ${nats.error}`)
    const reachable = nats.servers.filter((server) => server.reachable)
    return {
      wanted: this.#serversWanted,
      reachableServers: reachable.map((server) => server.node_name ?? server.name),
      streams: nats.streams.map(({ name, replicas_wanted: wanted, replicas_current: current }) => ({
        name,
        wanted,
        current,
      })),
    }
  }

  async membersAt(node: ClusterNode): Promise<readonly MemberAnswer[]> {
    const { status, json, text } = await node.api('dkron', 'GET', '/v1/members', undefined, 5_000)
    if (status !== 200) throw new Error(`members at ${node.name}: ${status} ${text}`)
    return json as readonly MemberAnswer[]
  }

  /** Who leads, as a node sees it; null when it sees nobody. */
  async leaderAt(node: ClusterNode): Promise<string | null> {
    const { status, json } = await node.api('dkron', 'GET', '/v1/leader', undefined, 5_000)
    return status === 200 ? (json as MemberAnswer).Name : null
  }

  /** Who leads, as the first node that knows sees it; null when nobody knows. */
  async leader(): Promise<ClusterNode | null> {
    for (const node of this.nodes) {
      if (!node.isRunning) continue
      const name = await this.leaderAt(node).catch(() => null)
      if (name !== null) return this.node(name)
    }
    return null
  }

  /** Prints the end of each agent's log: what a person wants to see when something failed. */
  tellLogs(lines = 25): void {
    for (const node of this.nodes) {
      try {
        console.log(`--- ${node.name}\n${node.log().trimEnd().split('\n').slice(-lines).join('\n')}`)
      } catch {
        console.log(`--- ${node.name} has no log`)
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope.close()
  }
}
