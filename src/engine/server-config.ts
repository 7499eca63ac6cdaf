/**
 * The embedded server's configuration and the secret that it asks for.
 *
 * Easy to get wrong: the secret lives in files of mode 0600 only, never in arguments or logs: who can talk to this
 * server can run commands as the agent.
 */
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { NatsListenError, NatsStoreError } from './errors.ts'

/** The largest message of the embedded server, in bytes. NATS warns above this. */
export const embeddedMaxPayloadBytes = 8 * 1024 * 1024

const memoryStoreBytes = 256 * 1024 * 1024
/**
 * More than any disk: streams reserve their limits, and the server's own default (three quarters of what is free) would
 * refuse a stream on a small disk long before anything is stored.
 */
const fileStoreBytes = 2 ** 50
const logFileBytes = 10 * 1024 * 1024

export interface ServerFiles {
  /** Everything of the server's own, mode 0700. */
  readonly folder: string
  readonly config: string
  readonly store: string
  readonly log: string
  /** What the process itself prints: only a crash of its run-time. */
  readonly crashLog: string
  readonly pid: string
}

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

export function serverFiles(dataDir: string): ServerFiles {
  const folder = join(dataDir, 'nats')
  return {
    folder,
    config: join(folder, 'nats.conf'),
    store: join(folder, 'store'),
    log: join(folder, 'nats.log'),
    crashLog: join(folder, 'crash.log'),
    pid: join(folder, 'nats.pid'),
  }
}

/** Makes the folders, closed to other accounts. @throws NatsStoreError when that is not possible */
export function prepareFolders(dataDir: string, files: ServerFiles): void {
  try {
    for (const folder of [dataDir, join(dataDir, 'secrets'), files.folder, files.store]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    }
    chmodSync(files.folder, 0o700)
  } catch (cause) {
    throw notWritable(files, cause)
  }
}

/** @throws NatsStoreError when it cannot be written */
export function writeConfig(files: ServerFiles, config: string): void {
  try {
    writeWhole(files.config, config)
  } catch (cause) {
    throw notWritable(files, cause)
  }
}

function notWritable(files: ServerFiles, cause: unknown): NatsStoreError {
  return new NatsStoreError(
    `the NATS store ${files.folder} cannot be written: ${messageOf(cause)}; correct its owner and mode, free disk space, or choose another --data-dir`,
    { cause },
  )
}

/** The secret of this data directory, made when it has none. @throws NatsStoreError */
export function readOrMakeCredentials(dataDir: string): Credentials {
  const path = join(dataDir, 'secrets', 'nats')
  try {
    const known = readIfThere(path)
    if (known !== null) return { user: 'millrace', password: known.trim() }
    const password = randomBytes(32).toString('hex')
    writeWhole(`${path}.new`, `${password}\n`)
    renameSync(`${path}.new`, path)
    return { user: 'millrace', password }
  } catch (cause) {
    throw new NatsStoreError(
      `the secret ${path} cannot be read or made: ${messageOf(cause)}; correct its owner and mode`,
      {
        cause,
      },
    )
  }
}

/** @throws NatsListenError when `text` is not `host:port` */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2] ?? Number.NaN)
  if (match?.[1] === undefined || !(port >= 1 && port <= 65_535))
    throw new NatsListenError(
      `"${text}" is no address to listen on; write --nats-addr as host:port, for example 127.0.0.1:8193`,
    )
  return { host: match[1].replace(/^\[|\]$/g, ''), port }
}

/** `host:port`, with the brackets that an IPv6 address needs. */
export function formatAddress(address: ListenAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

/** The whole configuration file. JSON strings are valid in it (nats-server's conf/lex.go). */
export function renderConfig(
  serverName: string,
  listen: ListenAddress,
  files: ServerFiles,
  credentials: Credentials,
): string {
  return `# Written by the Millrace agent at each start; changes are lost.
server_name: ${JSON.stringify(serverName)}
listen: ${JSON.stringify(formatAddress(listen))}
max_payload: ${embeddedMaxPayloadBytes}
log_file: ${JSON.stringify(files.log)}
logfile_size_limit: ${logFileBytes}
logfile_max_num: 3
authorization {
  user: ${JSON.stringify(credentials.user)}
  password: ${JSON.stringify(credentials.password)}
}
jetstream {
  store_dir: ${JSON.stringify(files.store)}
  max_memory_store: ${memoryStoreBytes}
  max_file_store: ${fileStoreBytes}
  sync_interval: always
}
`
}

/** Tells whether a running server has this very configuration. */
export function configHash(config: string): string {
  return createHash('sha256').update(config).digest('hex')
}

/** Writes a file that only this account can read, and waits until it is on disk. */
export function writeWhole(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600)
  try {
    chmodSync(path, 0o600)
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
