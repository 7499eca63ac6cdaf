/**
 * Finds the nats-server program: what the user named, the project's own cache, then PATH.
 *
 * Easy to get wrong: what the user named is used or refused, never silently replaced by another one; a program on
 * PATH that is too old (Debian 12 brings 2.9) is passed over while there is a better one.
 */
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { messageOf } from '../core/errors.ts'
import { NatsMissingError, NatsTooOldError, NatsUnusableError, oldestServerVersion } from './errors.ts'
import { isVersionAtLeast, versionInText } from './server-version.ts'

const versionTimeoutMs = 2_000

export interface FoundServer {
  readonly path: string
  readonly version: string
}

export interface FindServerOptions {
  /** What --nats-server names; empty: not given. */
  readonly wantedPath?: string
  /** Where `npm run setup` put it; only tests give another one. */
  readonly cachedPath?: string
  /** Folders like PATH's; by default the environment's, and where Debian puts it. */
  readonly searchPath?: string
}

/** Beside the package's root, from src/engine as from dist/engine. */
const defaultCachedPath = fileURLToPath(new URL('../../.cache/nats-server/nats-server', import.meta.url))

/**
 * @throws NatsMissingError when there is none, NatsTooOldError when all found are too old, NatsUnusableError when the
 * one that was named does not run
 */
export async function findServer(options: FindServerOptions = {}): Promise<FoundServer> {
  const { wantedPath = '', cachedPath = defaultCachedPath } = options
  if (wantedPath !== '') return checkWanted(resolve(wantedPath))
  const candidates = [cachedPath, ...onSearchPath(options.searchPath ?? process.env.PATH ?? '')]
  let tooOld: FoundServer | null = null
  for (const path of candidates) {
    if (!(await isExecutable(path))) continue
    const version = await versionOf(path).catch(() => null)
    if (version === null) continue
    if (isVersionAtLeast(version, oldestServerVersion)) return { path, version }
    tooOld ??= { path, version }
  }
  if (tooOld !== null) throw new NatsTooOldError(tooOld.version, tooOld.path)
  throw new NatsMissingError(['--nats-server (not given)', cachedPath, 'PATH'])
}

async function checkWanted(path: string): Promise<FoundServer> {
  if (!(await isExecutable(path))) throw new NatsMissingError([`--nats-server ${path}`])
  const version = await versionOf(path)
  if (!isVersionAtLeast(version, oldestServerVersion)) throw new NatsTooOldError(version, path)
  return { path, version }
}

async function versionOf(path: string): Promise<string> {
  let answer: string
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: versionTimeoutMs })
    answer = stdout
  } catch (cause) {
    throw new NatsUnusableError(
      `${path} --version failed: ${messageOf(cause)}; name a nats-server with --nats-server`,
      {
        cause,
      },
    )
  }
  const version = versionInText(answer)
  if (version === null) throw new NatsUnusableError(`${path} is no nats-server: its --version names none`)
  return version
}

function onSearchPath(searchPath: string): string[] {
  const folders = [...searchPath.split(delimiter), '/usr/sbin', '/usr/local/bin']
  return folders.filter((folder) => isAbsolute(folder)).map((folder) => join(folder, 'nats-server'))
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
