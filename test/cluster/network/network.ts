/**
 * The machines of a test: each with addresses of its own, and a network between them that can be cut.
 *
 * Easy to get wrong: there are two networks. Everything the agents, their NATS servers and the databases say to each other
 * goes over the first, which faults cut; the test asks the APIs over the second, which is always whole.
 */
import type { ProcessStart } from '../../harness/server-process.ts'
import type { Hub } from './hub.ts'
import { LoopbackNetwork } from './loopback-network.ts'
import { NamespaceNetwork, whyNoNamespaces } from './namespace-network.ts'

export interface Machine {
  readonly name: string
  /** Where the other machines reach it. */
  readonly address: string
  /** Where its NATS server is reached: another address when a proxy stands before it. */
  readonly advertised: string
  /** Where the test reaches it, whatever is cut. */
  readonly managementAddress: string
}

export interface Network extends AsyncDisposable {
  /** What stands between the machines, in words, for the run to say. */
  readonly kind: string
  /** Paths from one machine to another can be cut in one direction. */
  readonly canCutOneWay: boolean
  readonly hub: Hub
  machine(name: string): Machine
  /** How to start a program on a machine. */
  on(name: string, start: ProcessStart): ProcessStart
  /** Every process of a machine. */
  pidsOf(name: string): readonly number[]
  /** Nothing passes between this machine and the others. */
  cut(name: string): Promise<void>
  /** What this machine says (`from`), or what is said to it (`to`), is lost. */
  cutOneWay(name: string, direction: 'from' | 'to'): Promise<void>
  /** Everything between this machine and the others passes again. */
  heal(name: string): Promise<void>
  /** Everything said to this machine's NATS server arrives so much later; 0 ends it. Only where a proxy stands. */
  delay(name: string, delayMs: number): Promise<void>
}

export interface NetworkOptions {
  readonly machines: readonly string[]
  /** Puts the TCP proxy before each machine's NATS server, so that it can be slow. */
  readonly hasProxies: boolean
}

/** Network namespaces where the machine allows them, else loopback addresses with proxies before them. */
export async function openNetwork(options: NetworkOptions): Promise<Network> {
  const reason = process.env.CLUSTER_NETWORK === 'loopback' ? 'CLUSTER_NETWORK asks for it' : await whyNoNamespaces()
  if (reason === null) return await NamespaceNetwork.open(options)
  console.log(`no network namespaces (${reason}): loopback addresses and a TCP proxy stand in for them`)
  return await LoopbackNetwork.open(options)
}
