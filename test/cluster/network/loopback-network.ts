/**
 * Machines as loopback addresses, where namespaces are forbidden: a TCP proxy stands before each NATS server, and a cut
 * is made in the proxies.
 *
 * Easy to get wrong: connections to the databases do not pass a proxy, so a machine that is cut off still reaches those.
 */
import type { ProcessStart } from '../../harness/server-process.ts'
import { Hub } from './hub.ts'
import type { ProxyRule } from './hub-main.ts'
import { machineVariable, pidsMarked } from './machine-of-pid.ts'
import type { Machine, Network, NetworkOptions } from './network.ts'

const natsPorts = [8193, 8194]
const marksInUse = new Set<string>()

process.prependListener('exit', () => {
  for (const mark of marksInUse) killMarked(mark)
})

export class LoopbackNetwork implements Network {
  readonly kind = 'loopback addresses with TCP proxies'
  readonly canCutOneWay = true
  readonly hub: Hub
  readonly #machines: ReadonlyMap<string, Machine>
  readonly #rules = new Map<string, ProxyRule>()

  private constructor(hub: Hub, machines: ReadonlyMap<string, Machine>) {
    this.hub = hub
    this.#machines = machines
  }

  static async open({ machines: names }: NetworkOptions): Promise<LoopbackNetwork> {
    const machines = new Map(names.map((name, index) => [name, machineOf(name, index + 1)]))
    const hub = await Hub.open([])
    try {
      for (const { name, address, advertised } of machines.values()) {
        marksInUse.add(markOf(name))
        await hub.order({ proxy: { machine: name, listen: advertised, to: address, ports: natsPorts } })
      }
    } catch (error) {
      await hub[Symbol.asyncDispose]()
      throw error
    }
    return new LoopbackNetwork(hub, machines)
  }

  machine(name: string): Machine {
    const found = this.#machines.get(name)
    if (found === undefined) throw new Error(`no machine ${name} in this network`)
    return found
  }

  on(name: string, start: ProcessStart): ProcessStart {
    return { ...start, env: { ...start.env, [machineVariable]: markOf(name) } }
  }

  pidsOf(name: string): readonly number[] {
    return pidsMarked(markOf(name))
  }

  cut(name: string): Promise<void> {
    return this.#setRule(name, { rule: 'cut' })
  }

  cutOneWay(name: string, direction: 'from' | 'to'): Promise<void> {
    return this.#setRule(name, { rule: `cut-${direction}` })
  }

  heal(name: string): Promise<void> {
    return this.#setRule(name, { rule: 'pass' })
  }

  delay(name: string, delayMs: number): Promise<void> {
    return this.#setRule(name, { delayMs })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub[Symbol.asyncDispose]()
    for (const name of this.#machines.keys()) {
      killMarked(markOf(name))
      marksInUse.delete(markOf(name))
    }
  }

  async #setRule(machine: string, change: Partial<ProxyRule>): Promise<void> {
    const before = this.#rules.get(machine) ?? { machine, rule: 'pass', delayMs: 0 }
    const rule = { ...before, ...change }
    this.#rules.set(machine, rule)
    await this.hub.order({ rule })
  }
}

/** The process id in the address keeps two runs of the tests apart. */
function machineOf(name: string, index: number): Machine {
  const run = process.pid % 200
  const address = `127.${50 + run}.${index}.1`
  return { name, address, advertised: `127.${50 + run}.${index}.2`, managementAddress: address }
}

function markOf(name: string): string {
  return `${process.pid}/${name}`
}

function killMarked(mark: string): void {
  for (const pid of pidsMarked(mark)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself in between, which is what was wanted.
    }
  }
}
