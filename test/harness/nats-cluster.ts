/**
 * Several NATS servers that are one cluster, configured as the embedded ones are, each to be killed, stopped, frozen and
 * started again.
 *
 * Easy to get wrong: a frozen server (SIGSTOP) keeps its connections; only heartbeats tell that it is gone.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLog } from '../../src/core/log.ts'
import { openConnection } from '../../src/engine/connection.ts'
import { greets } from '../../src/engine/greeting.ts'
import {
  type ClusterBlock,
  type Credentials,
  clientCredentials,
  renderConfig,
  type ServerPlan,
  type ServerSecrets,
  type ServerTls,
  systemCredentials,
} from '../../src/engine/server-config.ts'
import { readIdentity } from '../../src/engine/server-launch.ts'
import { freePort } from './free-port.ts'
import { natsServerPath } from './nats-server.ts'
import { whenReady } from './ready.ts'
import { ServerProcess } from './server-process.ts'
import { tempDir } from './temp-dir.ts'

export interface NatsClusterOptions {
  /** An address of this machine for each server; by default three times 127.0.0.1. */
  readonly hosts?: readonly string[]
  readonly tls?: ServerTls
  /** By default `millrace-test`. */
  readonly clusterName?: string
}

export interface TestClusterServer {
  readonly name: string
  /** `nats://HOST:PORT` */
  readonly url: string
  /** `HOST:PORT` for the other servers. */
  readonly route: string
  readonly pid: number
  readonly isRunning: boolean
  readonly dataDir: string
  log(): Promise<string>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
  /** Starts it again on the same addresses and store; waits until it serves clients, not until the cluster does. */
  start(): Promise<void>
  /** SIGSTOP. */
  freeze(): void
  /** SIGCONT. */
  thaw(): void
  /** Writes its configuration anew with these routes, and has it read when it runs. */
  setRoutes(routes: readonly string[]): Promise<void>
  /** Writes a configuration without a cluster, for the next start. */
  leaveCluster(): Promise<void>
}

export interface TestNatsCluster extends AsyncDisposable {
  readonly servers: readonly TestClusterServer[]
  /** Of all, with commas. */
  readonly url: string
  readonly credentials: Credentials
  readonly systemCredentials: Credentials
  readonly secrets: ServerSecrets
  /** By its name. @throws Error */
  server(name: string): TestClusterServer
  /** Another server with an empty store, which knows those that are there; it runs when this resolves. */
  add(name: string, host?: string, tls?: ServerTls): Promise<TestClusterServer>
  /** Waits until the cluster has a leader and serves JetStream. */
  ready(): Promise<void>
}

export const testSecrets: ServerSecrets = {
  clientPassword: 'client-password-of-the-tests',
  systemPassword: 'system-password-of-the-tests',
  routePassword: 'route-password-of-the-tests',
}

/** Starts servers `n1`, `n2`, ... with empty stores and waits until JetStream answers. */
export async function startNatsCluster(options: NatsClusterOptions = {}): Promise<TestNatsCluster> {
  const { hosts = ['127.0.0.1', '127.0.0.1', '127.0.0.1'], clusterName = 'millrace-test', tls = null } = options
  const folder = await tempDir('mr-cluster-')
  const servers: ClusterServer[] = []
  const make = async (name: string, host: string, ownTls = tls) => {
    const place = { name, dataDir: join(folder.path, name), clusterName, tls: ownTls }
    const server = new ClusterServer({ ...place, host, port: await freePort(), routePort: await freePort() })
    servers.push(server)
    return server
  }
  for (const [place, host] of hosts.entries()) await make(`n${place + 1}`, host)
  const routes = () => servers.map(({ route }) => route)
  await Promise.all(servers.map((server) => server.begin(routes())))
  const cluster: TestNatsCluster = {
    servers,
    get url() {
      return servers.map(({ url }) => url).join(',')
    },
    credentials: clientCredentials(testSecrets),
    systemCredentials: systemCredentials(testSecrets),
    secrets: testSecrets,
    server: (name) => {
      const found = servers.find((server) => server.name === name)
      if (found === undefined) throw new Error(`no server ${name}`)
      return found
    },
    async add(name, host = '127.0.0.1', ownTls) {
      const server = await make(name, host, ownTls)
      await server.begin(routes())
      return server
    },
    async ready() {
      const running = servers.filter(({ isRunning }) => isRunning).map(({ url }) => url)
      const connection = await openConnection({
        url: running.join(','),
        auth: cluster.credentials,
        name: 'harness',
        log: silentLog,
        connectWithinMs: 30_000,
        tls,
      })
      await connection.close()
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server.kill()))
      await folder[Symbol.asyncDispose]()
    },
  }
  await cluster.ready()
  return cluster
}

interface Place {
  readonly name: string
  readonly dataDir: string
  readonly host: string
  readonly port: number
  readonly routePort: number
  readonly clusterName: string
  readonly tls: ServerTls | null
}

class ClusterServer implements TestClusterServer {
  readonly name: string
  readonly url: string
  readonly route: string
  readonly dataDir: string
  readonly #place: Place
  #process: ServerProcess | null = null
  #routes: readonly string[] = []

  constructor(place: Place) {
    this.#place = place
    this.name = place.name
    this.url = `nats://${place.host}:${place.port}`
    this.route = `${place.host}:${place.routePort}`
    this.dataDir = place.dataDir
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#process !== null && !this.#process.hasExited
  }

  async begin(routes: readonly string[]): Promise<void> {
    await mkdir(this.dataDir, { recursive: true })
    await this.setRoutes(routes)
    await this.start()
  }

  log(): Promise<string> {
    return readFile(join(this.dataDir, 'nats.log'), 'utf8')
  }

  async start(): Promise<void> {
    if (this.isRunning) return
    const args = ['--config', join(this.dataDir, 'nats.conf')]
    const server = new ServerProcess({ command: natsServerPath(), args, logPath: join(this.dataDir, 'crash.log') })
    this.#process = server
    const { host, port, tls } = this.#place
    const identity = tls === null ? null : readIdentity(tls)
    await whenReady(server, `nats-server ${this.name}`, async () => {
      if (!(await greets({ host, port }, clientCredentials(testSecrets), identity))) throw new Error('no greeting')
    })
  }

  async kill(): Promise<void> {
    await this.#process?.kill()
  }

  async stop(): Promise<void> {
    this.thaw()
    await this.#process?.stop()
  }

  freeze(): void {
    this.#process?.signal('SIGSTOP')
  }

  thaw(): void {
    this.#process?.signal('SIGCONT')
  }

  async leaveCluster(): Promise<void> {
    const alone = { ...this.#plan(), cluster: null }
    await writeFile(join(this.dataDir, 'nats.conf'), renderConfig(alone), { mode: 0o600 })
  }

  async setRoutes(routes: readonly string[]): Promise<void> {
    this.#routes = routes
    await writeFile(join(this.dataDir, 'nats.conf'), renderConfig(this.#plan()), { mode: 0o600 })
    if (this.isRunning) this.#process?.signal('SIGHUP')
  }

  #plan(): ServerPlan {
    const { name, host, port, clusterName, tls, dataDir } = this.#place
    const cluster: ClusterBlock = { name: clusterName, listen: this.route, advertise: this.route, routes: this.#routes }
    const files = {
      folder: dataDir,
      config: join(dataDir, 'nats.conf'),
      store: join(dataDir, 'store'),
      log: join(dataDir, 'nats.log'),
      crashLog: join(dataDir, 'crash.log'),
      pid: join(dataDir, 'nats.pid'),
    }
    const listen = `${host}:${port}`
    return { serverName: name, listen, advertise: listen, files, secrets: testSecrets, tls, cluster }
  }
}
