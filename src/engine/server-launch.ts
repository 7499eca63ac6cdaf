/**
 * Starting a server as planned, taking over one that runs, and giving a running one another configuration.
 *
 * Easy to get wrong: a server that was left running by an agent that died may have another configuration than is wanted
 * now. Where the difference is one that it can take while it runs, it is reloaded; a restart would cost its clients, and
 * in a cluster maybe the quorum.
 */
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { isAlive } from '../core/process-identity.ts'
import { NatsListenError, NatsPortTakenError, NatsReloadError, NatsStartError } from './errors.ts'
import type { FoundServer } from './find-server.ts'
import { greets, type TlsIdentity } from './greeting.ts'
import { dialAddress, formatAddress, parseListenAddress } from './listen-address.ts'
import { LogTail } from './log-tail.ts'
import {
  clientCredentials,
  configHash,
  fixedHash,
  renderConfig,
  type ServerPlan,
  type ServerTls,
} from './server-config.ts'
import { type ServerFiles, writeConfig } from './server-files.ts'
import {
  endServer,
  findRunningServer,
  noteServer,
  reloadServer,
  type ServerFacts,
  type ServerRecord,
  spawnServer,
} from './server-process.ts'

/** Reading back a large store takes its time; the address opens after it. */
const startTimeoutMs = 120_000
const adoptTimeoutMs = 15_000
const reloadTimeoutMs = 10_000
const pauseMs = 25

export interface Launch {
  readonly programPath: string
  readonly plan: ServerPlan
  readonly config: string
  readonly facts: ServerFacts
}

/** @throws NatsListenError when an address of the plan is none */
export function launchOf(program: FoundServer, plan: ServerPlan): Launch {
  const config = renderConfig(plan)
  const facts = { configHash: configHash(config), fixedHash: fixedHash(plan), version: program.version }
  return { programPath: program.path, plan, config, facts }
}

/** The server of an earlier agent, now with our configuration; null when there is none (any more). */
export async function adopt(launch: Launch, log: Log): Promise<ServerRecord | null> {
  const running = findRunningServer(launch.plan.files)
  if (running === null) return null
  const { facts } = launch
  const isSame = running.fixedHash === facts.fixedHash && running.version === facts.version && isAlive(running)
  if (isSame) {
    const adopted = await tryAdopt(launch, running, log)
    if (adopted !== null) return adopted
  }
  log.warn({ pid: running.pid, isSame }, 'embedded nats server of an earlier agent is replaced')
  await endServer(running)
  return null
}

async function tryAdopt(launch: Launch, running: ServerRecord, log: Log): Promise<ServerRecord | null> {
  // A certificate may have been renewed in place, which no hash of ours tells.
  const isUpToDate = running.configHash === launch.facts.configHash && launch.plan.tls === null
  try {
    const adopted = isUpToDate ? running : await reload(launch, running)
    return (await answersWithin(adoptTimeoutMs, launch, adopted)) ? adopted : null
  } catch (err) {
    log.warn({ err }, 'embedded nats server of an earlier agent does not take its configuration')
    return null
  }
}

/**
 * Starts the server and waits until it serves us.
 *
 * @throws NatsPortTakenError, NatsListenError, NatsStoreError, NatsStartError
 */
export async function start(launch: Launch, signal?: AbortSignal): Promise<ServerRecord> {
  const { plan, facts } = launch
  await assertFree(plan.listen, '--nats-addr')
  if (plan.cluster !== null) await assertFree(plan.cluster.listen, '--nats-route-addr')
  writeConfig(plan.files, launch.config)
  const running = await spawnServer(launch.programPath, plan.files, facts)
  if (await answersWithin(startTimeoutMs, launch, running, signal)) return running
  if (signal?.aborted && isAlive(running)) return running
  const wasAlive = isAlive(running)
  const lastLines = await endOfLogs(plan.files)
  await endServer(running)
  if (/address already in use/.test(lastLines)) throw new NatsPortTakenError(plan.listen, '--nats-addr')
  const what = wasAlive ? `did not answer within ${startTimeoutMs / 1000} s` : 'ended while it started'
  throw new NatsStartError(`the embedded NATS server ${what}; the end of its log: ${lastLines}`)
}

/**
 * Gives a running server the launch's configuration and waits until it has taken it.
 *
 * @returns its record; a server that died meanwhile reads the new configuration when it is started again
 * @throws NatsReloadError when it refused: it goes on as before, and the file is as before
 */
export async function reload(launch: Launch, running: ServerRecord): Promise<ServerRecord> {
  const { files } = launch.plan
  const before = readIfThere(files.config)
  const tail = new LogTail(files.log)
  writeConfig(files, launch.config)
  reloadServer(running)
  const answer = await whenReloaded(tail, running)
  if (answer !== null) {
    if (before !== null) writeConfig(files, before)
    throw new NatsReloadError(`the embedded NATS server goes on with its old configuration: ${answer}`)
  }
  return noteServer(files, { ...running, ...launch.facts })
}

/** @returns null when it has taken the configuration, else why not */
async function whenReloaded(tail: LogTail, running: ServerRecord): Promise<string | null> {
  const deadlineMs = performance.now() + reloadTimeoutMs
  while (isAlive(running)) {
    for (const line of tail.newLines()) {
      if (!line.startsWith(`[${running.pid}]`)) continue
      // nats-server's signal.go and reload.go
      const failure = /Failed to reload server configuration: (.*)/.exec(line)
      if (failure !== null) return failure[1] ?? 'it does not say why'
      if (/Reloaded server configuration/.test(line)) return null
    }
    if (performance.now() > deadlineMs) return `no answer within ${reloadTimeoutMs / 1000} s`
    await sleep(pauseMs)
  }
  return null
}

/** Whether it greets us as one of its own before the time is over, it dies, or `signal` aborts. */
async function answersWithin(
  timeoutMs: number,
  { plan }: Launch,
  running: ServerRecord,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs
  const address = dialAddress(parseListenAddress(plan.listen))
  const tls = plan.tls === null ? null : readIdentity(plan.tls)
  while (performance.now() < deadlineMs && isAlive(running) && !signal?.aborted) {
    if (await greets(address, clientCredentials(plan.secrets), tls)) return isAlive(running)
    await sleep(pauseMs)
  }
  return false
}

/** A clear error before the server is started beats its own in a log. */
function assertFree(address: string, flag: string): Promise<void> {
  const listen = parseListenAddress(address)
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE') reject(new NatsPortTakenError(formatAddress(listen), flag, { cause }))
      else
        reject(
          new NatsListenError(
            `the embedded NATS server cannot listen on ${formatAddress(listen)}: ${messageOf(cause)}; choose another address with ${flag}`,
            { cause },
          ),
        )
    })
    probe.listen(listen.port, listen.host, () => probe.close(() => resolve()))
  })
}

async function endOfLogs(files: ServerFiles): Promise<string> {
  const tails = await Promise.all([files.log, files.crashLog].map((path) => endOf(path, 2_000)))
  return tails.join(' ').trim().split('\n').slice(-8).join(' | ') || 'empty'
}

async function endOf(path: string, sizeBytes: number): Promise<string> {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const begin = Math.max(0, size - sizeBytes)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, begin)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}

/** @returns null when a file is missing: then the server does not start, and says so */
export function readIdentity({ caPath, certPath, keyPath }: ServerTls): TlsIdentity | null {
  const [ca, cert, key] = [caPath, certPath, keyPath].map(readIfThere)
  return ca != null && cert != null && key != null ? { ca, cert, key } : null
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
