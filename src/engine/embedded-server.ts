/**
 * The NATS server that an agent runs for itself: started or adopted, and kept alive.
 *
 * Easy to get wrong: closing is not stopping. `close` leaves the server running for the next agent on this data
 * directory, which adopts it; `stop` ends it.
 */
import { open } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '../core/backoff.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { isAlive } from '../core/process-identity.ts'
import { NatsListenError, NatsPortTakenError, NatsStartError } from './errors.ts'
import { findServer } from './find-server.ts'
import { greets } from './greeting.ts'
import {
  type Credentials,
  configHash,
  formatAddress,
  type ListenAddress,
  parseListenAddress,
  prepareFolders,
  readOrMakeCredentials,
  renderConfig,
  type ServerFiles,
  serverFiles,
  writeConfig,
} from './server-config.ts'
import { endServer, findRunningServer, type ServerRecord, spawnServer, whenEnded } from './server-process.ts'
import { watchStore } from './store-watch.ts'

const restartBackoff = { firstMs: 50, maxMs: 10_000 }
/** A server that lived this long starts its back-off anew. */
const steadyMs = 30_000
/** Reading back a large store takes its time; the address opens after it. */
const startTimeoutMs = 120_000
const adoptTimeoutMs = 15_000
const greetingPauseMs = 25

export interface EmbeddedServerOptions {
  readonly dataDir: string
  /** `host:port` */
  readonly listen: string
  /** What --nats-server names; empty or absent: found. */
  readonly serverPath?: string
  /** Its name in NATS; unique in a cluster. */
  readonly serverName: string
  readonly log: Log
}

export interface EmbeddedServer {
  /** `nats://host:port`, without the secret. */
  readonly url: string
  readonly credentials: Credentials
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  readonly version: string
  /** True when an earlier agent had started it. */
  readonly wasAdopted: boolean
  /** Calls back each time the server died and has to be started again. @returns how to unsubscribe */
  onExit(listener: () => void): () => void
  /** Ends the server and waits for it. */
  stop(): Promise<void>
  /** Lets it run for the next agent, without supervision from now on. */
  close(): Promise<void>
}

/**
 * Starts the server, or adopts the one that an earlier agent left running with the same configuration and version.
 *
 * @throws NatsMissingError, NatsTooOldError, NatsUnusableError, NatsPortTakenError, NatsListenError, NatsStoreError,
 * NatsStartError
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const listen = parseListenAddress(options.listen)
  const program = await findServer({ wantedPath: options.serverPath ?? '' })
  const files = serverFiles(options.dataDir)
  prepareFolders(options.dataDir, files)
  const credentials = readOrMakeCredentials(options.dataDir)
  const config = renderConfig(options.serverName, listen, files, credentials)
  const launch: Launch = {
    programPath: program.path,
    files,
    listen,
    credentials,
    facts: { configHash: configHash(config), version: program.version },
  }
  const adopted = await adopt(launch, options.log)
  if (adopted === null) writeConfig(files, config)
  return new SupervisedServer(launch, adopted ?? (await start(launch)), adopted !== null, options.log)
}

interface Launch {
  readonly programPath: string
  readonly files: ServerFiles
  readonly listen: ListenAddress
  readonly credentials: Credentials
  readonly facts: Pick<ServerRecord, 'configHash' | 'version'>
}

class SupervisedServer implements EmbeddedServer {
  readonly url: string
  readonly credentials: Credentials
  readonly version: string
  readonly wasAdopted: boolean
  readonly #launch: Launch
  readonly #log: Log
  readonly #closing = new AbortController()
  readonly #listeners = new Set<() => void>()
  readonly #supervision: Promise<unknown>
  #running: ServerRecord

  constructor(launch: Launch, running: ServerRecord, wasAdopted: boolean, log: Log) {
    this.#launch = launch
    this.#running = running
    this.#log = log
    this.wasAdopted = wasAdopted
    this.version = launch.facts.version
    this.credentials = launch.credentials
    this.url = `nats://${formatAddress(dialAddress(launch.listen))}`
    log.info({ pid: running.pid, version: this.version, wasAdopted }, 'embedded nats server runs')
    this.#supervision = Promise.all([this.#supervise(), this.#watchStore()])
  }

  get pid(): number {
    return this.#running.pid
  }

  onExit(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'))
    await this.#supervision
  }

  async stop(): Promise<void> {
    await this.close()
    await endServer(this.#running)
    this.#log.info({ pid: this.pid }, 'embedded nats server stopped')
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#closing
    let failures = 0
    while (!signal.aborted) {
      const startedMs = performance.now()
      const ended = await whenEnded(this.#running, signal).then(
        () => true,
        () => false,
      )
      if (!ended) return
      failures = performance.now() - startedMs > steadyMs ? 1 : failures + 1
      this.#log.warn({ pid: this.pid, failures }, 'embedded nats server died, starting it again')
      for (const listener of this.#listeners) listener()
      await this.#startAgain(failures)
    }
  }

  #watchStore(): Promise<void> {
    const { files } = this.#launch
    const watched = { logPath: files.log, storePath: files.store, log: this.#log, pid: () => this.pid }
    return watchStore({ ...watched, restart: () => endServer(this.#running) }, this.#closing.signal)
  }

  async #startAgain(failuresBefore: number): Promise<void> {
    const { signal } = this.#closing
    for (let attempt = failuresBefore; !signal.aborted; attempt += 1) {
      try {
        // The first death is mended at once.
        if (attempt > 1) await sleep(backoffMs(restartBackoff, attempt - 1, Math.random), undefined, { signal })
        this.#running = await start(this.#launch, signal)
        this.#log.info({ pid: this.pid }, 'embedded nats server runs again')
        return
      } catch (err) {
        if (!signal.aborted) this.#log.error({ err, attempt }, 'embedded nats server does not start')
      }
    }
  }
}

async function adopt(launch: Launch, log: Log): Promise<ServerRecord | null> {
  const running = findRunningServer(launch.files)
  if (running === null) return null
  const isSame =
    running.configHash === launch.facts.configHash && running.version === launch.facts.version && isAlive(running)
  if (isSame && (await answersWithin(adoptTimeoutMs, launch, running))) return running
  log.warn({ pid: running.pid, isSame }, 'embedded nats server of an earlier agent is replaced')
  await endServer(running)
  return null
}

async function start(launch: Launch, signal?: AbortSignal): Promise<ServerRecord> {
  await assertFree(launch.listen)
  const running = await spawnServer(launch.programPath, launch.files, launch.facts)
  if (await answersWithin(startTimeoutMs, launch, running, signal)) return running
  if (signal?.aborted && isAlive(running)) return running
  const wasAlive = isAlive(running)
  const lastLines = await endOfLogs(launch.files)
  await endServer(running)
  if (/address already in use/.test(lastLines)) throw new NatsPortTakenError(formatAddress(launch.listen))
  const what = wasAlive ? `did not answer within ${startTimeoutMs / 1000} s` : 'ended while it started'
  throw new NatsStartError(`the embedded NATS server ${what}; the end of its log: ${lastLines}`)
}

/** Whether it greets us as one of its own before the time is over, it dies, or `signal` aborts. */
async function answersWithin(
  timeoutMs: number,
  launch: Launch,
  running: ServerRecord,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (performance.now() < deadline && isAlive(running) && !signal?.aborted) {
    if (await greets(dialAddress(launch.listen), launch.credentials)) return isAlive(running)
    await sleep(greetingPauseMs)
  }
  return false
}

/** A clear error before the server is started beats its own in a log. */
function assertFree(listen: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE') reject(new NatsPortTakenError(formatAddress(listen), { cause }))
      else
        reject(
          new NatsListenError(
            `the embedded NATS server cannot listen on ${formatAddress(listen)}: ${messageOf(cause)}; choose another address with --nats-addr`,
            { cause },
          ),
        )
    })
    probe.listen(listen.port, listen.host, () => probe.close(() => resolve()))
  })
}

/** A server that listens on every address is reached on this machine's own. */
function dialAddress(listen: ListenAddress): ListenAddress {
  if (listen.host === '0.0.0.0') return { host: '127.0.0.1', port: listen.port }
  return listen.host === '::' ? { host: '::1', port: listen.port } : listen
}

async function endOfLogs(files: ServerFiles): Promise<string> {
  const tails = await Promise.all([files.log, files.crashLog].map((path) => tail(path, 2_000)))
  return tails.join(' ').trim().split('\n').slice(-8).join(' | ') || 'empty'
}

async function tail(path: string, sizeBytes: number): Promise<string> {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const start = Math.max(0, size - sizeBytes)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, start)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}
