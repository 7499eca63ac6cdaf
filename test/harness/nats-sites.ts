/** Two sites: a NATS server with JetStream domain `hub`, and a leaf node of it with a domain of its own. */
import { freePort } from './free-port.ts'
import { startNats, type TestNats } from './nats-server.ts'

export interface NatsSites extends AsyncDisposable {
  readonly hub: TestNats
  readonly leaf: TestNats
}

export async function startNatsSites(): Promise<NatsSites> {
  const port = await freePort()
  const hub = await startNats({ domain: 'hub', config: `leafnodes { listen: "127.0.0.1:${port}" }` })
  const remotes = `leafnodes { remotes: [ { url: "nats-leaf://127.0.0.1:${port}" } ] }`
  const leaf = await startNats({ domain: 'leaf', config: remotes }).catch(async (error: unknown) => {
    await hub[Symbol.asyncDispose]()
    throw error
  })
  return {
    hub,
    leaf,
    async [Symbol.asyncDispose]() {
      await leaf[Symbol.asyncDispose]()
      await hub[Symbol.asyncDispose]()
    },
  }
}
