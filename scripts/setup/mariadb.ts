/** MariaDB 10.11 from Debian 12's packages, whatever release this machine is; one on PATH serves too. */
import { join } from 'node:path'
import { findExecutable, runCommand, tryCommand } from './command.ts'
import { type ProgramStart, programInRoot } from './debian-root.ts'
import { SetupError } from './failure.ts'
import { exists, installFolder, type SetupStep } from './installation.ts'
import { cacheDir } from './project.ts'

const root = join(cacheDir, 'mariadb-10.11')
const program = 'usr/sbin/mariadbd'
const series = /\b10\.11\.\d+/

export interface MariadbServer {
  readonly start: ProgramStart
  /** The server's `--basedir`. */
  readonly baseDir: string
}

/** The project's own MariaDB 10.11, else the machine's; null when there is neither. */
export async function findMariadb(): Promise<MariadbServer | null> {
  if (await exists(join(root, program))) return { start: programInRoot(root, program), baseDir: join(root, 'usr') }
  const path = await findExecutable('mariadbd', ['/usr/sbin', '/usr/local/sbin'])
  if (path !== null && series.test((await tryCommand(path, ['--no-defaults', '--version'])).stdout))
    return { start: { command: path, args: [] }, baseDir: '/usr' }
  return null
}

export const mariadbStep: SetupStep = {
  name: 'MariaDB 10.11',
  async check() {
    const server = await findMariadb()
    return server === null ? null : describe(server)
  },
  async install(context) {
    context.say('MariaDB 10.11: fetching it from Debian 12')
    const suite = await context.suite('bookworm')
    const offered = await suite.upstreamVersion('mariadb-server-core')
    if (offered === null || !series.test(offered))
      throw new SetupError(
        `Debian 12 offers MariaDB ${offered ?? 'not at all'}, the tests need 10.11\n  cure: put a mariadbd 10.11 on PATH`,
      )
    await installFolder(context, root, async (fresh) => {
      await suite.unpackWithDependencies('mariadb-server-core', fresh, /^perl|^libperl|^debconf/)
      await describe({ start: programInRoot(fresh, program), baseDir: join(fresh, 'usr') })
    })
    return describe({ start: programInRoot(root, program), baseDir: join(root, 'usr') })
  },
}

async function describe(server: MariadbServer): Promise<string> {
  const { command, args } = server.start
  const printed = await runCommand(command, [...args, '--no-defaults', '--version'])
  return `MariaDB ${series.exec(printed)?.[0] ?? printed.trim()}`
}
