/**
 * The NATS server, from Debian's unstable suite: the stable release before 13 has one that is too old.
 *
 * Easy to get wrong: releases before 2.10.23 lose streams when the process dies, and 2.9 can't sync each write.
 */
import { join } from 'node:path'
import { findExecutable, isExecutable, runCommand, tryCommand } from './command.ts'
import { SetupError } from './failure.ts'
import { installFolder, type SetupStep } from './installation.ts'
import { cacheDir } from './project.ts'
import { isAtLeast, versionIn } from './version.ts'

const folder = join(cacheDir, 'nats-server')

export const oldestNatsServer = '2.10.23'

/** The path of a NATS server that is new enough: the project's own, else one on PATH; null when there is none. */
export async function findNatsServer(): Promise<string | null> {
  const own = join(folder, 'nats-server')
  if (await isExecutable(own)) return own
  const path = await findExecutable('nats-server', ['/usr/sbin', '/usr/local/bin'])
  if (path === null) return null
  const version = await versionOf(path)
  return version !== null && isAtLeast(version, oldestNatsServer) ? path : null
}

export const natsServerStep: SetupStep = {
  name: 'nats-server',
  async check() {
    const path = await findNatsServer()
    if (path === null) return null
    return `nats-server ${await versionOf(path)}`
  },
  async install(context) {
    context.say('nats-server: fetching it from Debian unstable')
    const suite = await context.suite('sid')
    const offered = await suite.upstreamVersion('nats-server')
    if (offered === null || !isAtLeast(offered, oldestNatsServer))
      throw new SetupError(
        `Debian unstable offers nats-server ${offered ?? 'not at all'}, Millrace needs ${oldestNatsServer} or later\n  cure: put a newer nats-server on PATH`,
      )
    await installFolder(context, folder, async (fresh) => {
      const root = join(context.scratchDir, 'nats-root')
      await suite.unpackOne('nats-server', root)
      const binary = await runCommand('find', [root, '-type', 'f', '-name', 'nats-server', '-perm', '-100'])
      await runCommand('cp', [binary.split('\n')[0] ?? '', join(fresh, 'nats-server')])
      await runCommand(join(fresh, 'nats-server'), ['--version'])
    })
    return `nats-server ${await versionOf(join(folder, 'nats-server'))}`
  },
}

async function versionOf(path: string): Promise<string | null> {
  return versionIn((await tryCommand(path, ['--version'])).stdout)
}
