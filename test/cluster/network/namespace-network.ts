/**
 * Machines as network namespaces, joined by veth pairs to two bridges in a namespace of their own: nothing of it is ever
 * in the host's network.
 *
 * Easy to get wrong: a cut takes the machine's port out of the bridge. Its interface keeps its carrier, so packets vanish
 * without a word, as behind a broken switch; an interface that is set down would tell the kernel.
 */
import type { ProcessStart } from '../../harness/server-process.ts'
import { Hub } from './hub.ts'
import { ip, namespacesNow, pidsInNamespace, removeNamespaceNow, tryIp } from './netns-command.ts'
import type { Machine, Network, NetworkOptions } from './network.ts'

const prefix = 'mrtest'
const natsPorts = [8193, 8194]
const ours = new Set<string>()

process.prependListener('exit', () => {
  for (const name of ours) removeNamespaceNow(name)
})

/** @returns null when this machine lets us make namespaces */
export async function whyNoNamespaces(): Promise<string | null> {
  const name = `${prefix}${process.pid}-try`
  const { status, output } = await tryIp(['netns', 'add', name])
  if (status !== 0) return output.trim() === '' ? "'ip netns add' fails" : output.trim()
  const veth = await tryIp(['-n', name, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1'])
  await tryIp(['netns', 'del', name])
  return veth.status === 0 ? null : veth.output.trim()
}

export class NamespaceNetwork implements Network {
  readonly kind = 'network namespaces'
  readonly canCutOneWay = true
  readonly hub: Hub
  readonly #machines: ReadonlyMap<string, Machine>

  private constructor(hub: Hub, machines: ReadonlyMap<string, Machine>) {
    this.hub = hub
    this.#machines = machines
  }

  static async open({ machines: names, hasProxies }: NetworkOptions): Promise<NamespaceNetwork> {
    removeLeftovers()
    const machines = new Map(names.map((name, index) => [name, machineOf(name, index + 1, hasProxies)]))
    try {
      await makeHub()
      for (const machine of machines.values()) await makeMachine(machine)
      const hub = await Hub.open(enter('hub'))
      const network = new NamespaceNetwork(hub, machines)
      if (hasProxies) await network.#openProxies()
      return network
    } catch (error) {
      removeOurs()
      throw error
    }
  }

  machine(name: string): Machine {
    const found = this.#machines.get(name)
    if (found === undefined) throw new Error(`no machine ${name} in this network`)
    return found
  }

  on(name: string, start: ProcessStart): ProcessStart {
    const [command = '', ...args] = [...enter(name), start.command, ...start.args]
    return { ...start, command, args }
  }

  pidsOf(name: string): readonly number[] {
    return pidsInNamespace(namespaceOf(name))
  }

  async cut(name: string): Promise<void> {
    await ip('-n', namespaceOf('hub'), 'link', 'set', `d-${name}`, 'nomaster')
  }

  async cutOneWay(name: string, direction: 'from' | 'to'): Promise<void> {
    const self = this.machine(name)
    for (const other of this.#machines.values()) {
      if (other === self) continue
      const [sender, receiver] = direction === 'from' ? [self, other] : [other, self]
      await ip('-n', namespaceOf(sender.name), 'route', 'replace', 'blackhole', `${receiver.address}/32`)
    }
  }

  async heal(name: string): Promise<void> {
    const self = this.machine(name)
    await ip('-n', namespaceOf('hub'), 'link', 'set', `d-${name}`, 'master', 'data')
    for (const other of this.#machines.values()) {
      if (other === self) continue
      await tryIp(['-n', namespaceOf(name), 'route', 'del', 'blackhole', `${other.address}/32`])
      await tryIp(['-n', namespaceOf(other.name), 'route', 'del', 'blackhole', `${self.address}/32`])
    }
  }

  async delay(name: string, delayMs: number): Promise<void> {
    await this.hub.order({ rule: { machine: name, rule: 'pass', delayMs } })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub[Symbol.asyncDispose]()
    removeOurs()
  }

  async #openProxies(): Promise<void> {
    for (const { name, address, advertised } of this.#machines.values())
      if (advertised !== address) {
        await ip('-n', namespaceOf('hub'), 'address', 'add', `${advertised}/16`, 'dev', 'data')
        await this.hub.order({ proxy: { machine: name, listen: advertised, to: address, ports: natsPorts } })
      }
  }
}

function machineOf(name: string, index: number, hasProxy: boolean): Machine {
  return {
    name,
    address: `10.77.0.${index}`,
    advertised: hasProxy ? `10.77.1.${index}` : `10.77.0.${index}`,
    managementAddress: `10.78.0.${index}`,
  }
}

async function makeHub(): Promise<void> {
  const hub = await makeNamespace('hub')
  for (const [bridge, address, hardwareAddress] of [
    ['data', '10.77.0.254/16', '02:00:00:00:77:fe'],
    ['management', '10.78.0.254/16', '02:00:00:00:78:fe'],
  ] as const) {
    // Else it takes that of one of its ports, and another one when that is cut off: then nobody finds it for half a minute.
    await ip('-n', hub, 'link', 'add', bridge, 'address', hardwareAddress, 'type', 'bridge')
    await ip('-n', hub, 'address', 'add', address, 'dev', bridge)
    await ip('-n', hub, 'link', 'set', bridge, 'up')
  }
}

async function makeMachine({ name, address, managementAddress }: Machine): Promise<void> {
  const namespace = await makeNamespace(name)
  for (const [bridge, port, device, own] of [
    ['data', `d-${name}`, 'eth0', address],
    ['management', `m-${name}`, 'eth1', managementAddress],
  ] as const) {
    const hub = namespaceOf('hub')
    await ip('-n', hub, 'link', 'add', port, 'type', 'veth', 'peer', 'name', device, 'netns', namespace)
    await ip('-n', hub, 'link', 'set', port, 'master', bridge, 'up')
    await ip('-n', namespace, 'address', 'add', `${own}/16`, 'dev', device)
    await ip('-n', namespace, 'link', 'set', device, 'up')
  }
}

async function makeNamespace(name: string): Promise<string> {
  const namespace = namespaceOf(name)
  ours.add(namespace)
  await ip('netns', 'add', namespace)
  await ip('-n', namespace, 'link', 'set', 'lo', 'up')
  return namespace
}

function namespaceOf(name: string): string {
  return `${prefix}${process.pid}-${name}`
}

function enter(name: string): readonly string[] {
  return ['nsenter', `--net=/run/netns/${namespaceOf(name)}`, '--']
}

function removeOurs(): void {
  for (const name of ours) {
    removeNamespaceNow(name)
    ours.delete(name)
  }
}

/** Namespaces of test runs that were killed: their names tell whose they were. */
function removeLeftovers(): void {
  for (const name of namespacesNow(prefix)) {
    const pid = /^mrtest(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && !isRunning(Number(pid))) removeNamespaceNow(name)
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
