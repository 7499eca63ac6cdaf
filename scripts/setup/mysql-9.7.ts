/** MySQL 9.7 from Debian's unstable suite, with all its libraries, run by its own loader on any release. */
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { programInRoot } from './debian-root.ts'
import { SetupError } from './failure.ts'
import { exists, installFolder, type SetupStep } from './installation.ts'
import { cacheDir } from './project.ts'
import { isAtLeast, versionIn } from './version.ts'

/** Holds the unpacked packages; the server is `usr/sbin/mysqld` in it. */
export const mysql97Root: string = join(cacheDir, 'mysql-9.7')

const oldest = '9.7'

export const mysql97Step: SetupStep = {
  name: 'MySQL 9.7',
  async check() {
    return (await exists(join(mysql97Root, 'usr/sbin/mysqld'))) ? describe(mysql97Root) : null
  },
  async install(context) {
    context.say('MySQL 9.7: fetching it from Debian unstable')
    const suite = await context.suite('sid')
    const offered = await suite.upstreamVersion('mysql-server-core')
    if (offered === null || !isAtLeast(offered, oldest))
      throw new SetupError(
        `Debian unstable offers MySQL ${offered ?? 'not at all'}, the tests need ${oldest} or later\n` +
          `  cure: unpack a mysqld ${oldest} with its libraries into ${mysql97Root}`,
      )
    await installFolder(context, mysql97Root, async (fresh) => {
      // The server itself needs no perl; only scripts beside it do.
      await suite.unpackWithDependencies('mysql-server-core', fresh, /^perl|^libperl|^libgdbm|^libdb5/)
      await describe(fresh)
    })
    return describe(mysql97Root)
  },
}

async function describe(root: string): Promise<string> {
  const { command, args } = programInRoot(root, 'usr/sbin/mysqld')
  const printed = await runCommand(command, [...args, '--no-defaults', '--version'])
  return `MySQL ${versionIn(printed.slice(printed.indexOf(' Ver ')))}`
}
