/** A NATS cluster that the user runs: one server on each of some machines, for agents that are started with --nats. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { natsServerPath } from '../../harness/nats-server.ts'
import { whenReady } from '../../harness/ready.ts'
import { ServerProcess } from '../../harness/server-process.ts'
import type { Network } from '../network/network.ts'
import { natsPort, routePort } from './cluster-node.ts'

/** Starts the servers; they end with their machines. @returns the address for --nats of each machine */
export async function startOutsideNats(
  network: Network,
  machines: readonly string[],
  folder: string,
): Promise<ReadonlyMap<string, string>> {
  const addresses = machines.map((name) => network.machine(name).address)
  const routes = addresses.map((address) => `"nats://${address}:${routePort}"`).join(', ')
  for (const [index, name] of machines.entries()) {
    const place = join(folder, `nats-${name}`)
    mkdirSync(place, { recursive: true })
    const config = `server_name: ${name}
listen: "${addresses[index]}:${natsPort}"
max_payload: 8MB
jetstream { store_dir: ${JSON.stringify(join(place, 'store'))}, sync_interval: always, max_file_store: 1TB }
cluster { name: outside, listen: "${addresses[index]}:${routePort}", routes: [${routes}] }
`
    writeFileSync(join(place, 'nats.conf'), config)
    const args = ['--config', join(place, 'nats.conf')]
    const start = network.on(name, { command: natsServerPath(), args, logPath: join(place, 'nats.log') })
    const socketPath = () => network.hub.connect(network.machine(name).managementAddress, natsPort)
    await whenReady(new ServerProcess(start), `nats-server of ${name}`, async () => void socketPath)
  }
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  return new Map(machines.map((name, index) => [name, `nats://${addresses[index]}:${natsPort}`]))
}
