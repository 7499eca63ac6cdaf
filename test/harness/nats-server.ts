/** A bare NATS server with JetStream whose every write is on disk before it is acknowledged. */
import { accessSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { cacheDir } from '../../scripts/setup/project.ts'
import { freePort } from './free-port.ts'
import { whenReady } from './ready.ts'
import { ServerProcess } from './server-process.ts'
import { tempDir } from './temp-dir.ts'

export interface NatsOptions {
  readonly port?: number
  /** Its JetStream domain; by default none. */
  readonly domain?: string
  /** Further lines of its configuration, for example `authorization { token: "..." }`. */
  readonly config?: string
}

export interface TestNats extends AsyncDisposable {
  /** `nats://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  /** Holds its store; goes when the server is disposed. */
  readonly dataDir: string
  log(): Promise<string>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
  /** Starts it again on the same port and store, after `kill` or `stop`. */
  start(): Promise<void>
}

/** The NATS server that `npm run setup` fetched, or one on PATH. @throws Error when there is none */
export function natsServerPath(): string {
  const folders = [join(cacheDir, 'nats-server'), ...(process.env.PATH ?? '').split(delimiter)]
  const found = folders.map((folder) => join(folder, 'nats-server')).find(isThere)
  if (found === undefined) throw new Error("no nats-server; run 'npm run setup'")
  return found
}

/** Starts a server with an empty store. @throws Error with the end of its log when it does not start */
export async function startNats(options: NatsOptions = {}): Promise<TestNats> {
  const folder = await tempDir('mr-nats-')
  const port = options.port ?? (await freePort())
  const configPath = join(folder.path, 'nats.conf')
  const logPath = join(folder.path, 'nats.log')
  const storeDir = join(folder.path, 'store')
  await mkdir(storeDir)
  await writeFile(configPath, configuration(port, storeDir, options))
  const launch = async () => {
    const server = new ServerProcess({ command: natsServerPath(), args: ['--config', configPath], logPath })
    await whenReady(server, `nats-server on port ${port}`, () => readGreeting(port))
    return server
  }
  let server = await launch()
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    dataDir: folder.path,
    get pid() {
      return server.pid
    },
    log: () => readFile(logPath, 'utf8'),
    kill: () => server.kill(),
    stop: () => server.stop(),
    async start() {
      if (server.hasExited) server = await launch()
    },
    async [Symbol.asyncDispose]() {
      await server.kill()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** More than any disk has: by default it is a part of what is free, and a stream's limit is reserved from it. */
const fileStoreBytes = 2 ** 50

function configuration(port: number, storeDir: string, { domain, config = '' }: NatsOptions): string {
  return `listen: "127.0.0.1:${port}"
max_payload: 8MB
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
  max_file_store: ${fileStoreBytes}
  sync_interval: always${domain === undefined ? '' : `\n  domain: ${domain}`}
}
${config}
`
}

/** A NATS server sends its INFO line as soon as it serves clients. */
function readGreeting(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setTimeout(5_000, () => socket.destroy(new Error('no greeting')))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed before the greeting')))
    socket.once('data', () => {
      resolve()
      socket.destroy()
    })
  })
}

function isThere(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}
