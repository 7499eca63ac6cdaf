/**
 * sysbench from Debian 12, with its libraries: it makes the load of the replication benchmarks.
 *
 * Easy to get wrong: its client library looks for the plugin of MySQL's own authentication at a path of the machine, and
 * its scripts for each other, so both are named in the environment.
 */
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { type ProgramStart, programInRoot } from './debian-root.ts'
import { SetupError } from './failure.ts'
import { exists, installFolder, type SetupStep } from './installation.ts'
import { cacheDir } from './project.ts'
import { versionIn } from './version.ts'

const root = join(cacheDir, 'sysbench')
const program = 'usr/bin/sysbench'
const scripts = join(root, 'usr/share/sysbench')

export interface SysbenchStart extends ProgramStart {
  /** Needed beside the environment of the process. */
  readonly env: Readonly<Record<string, string>>
  /** The folder of its Lua scripts. */
  readonly scripts: string
}

/** How to start the project's own sysbench. @throws SetupError when it was not set up */
export async function findSysbench(): Promise<SysbenchStart> {
  if (!(await exists(join(root, program))))
    throw new SetupError("no sysbench in the project's cache\n  cure: run 'npm run setup -- --bench'")
  const env = {
    LUA_PATH: join(scripts, '?.lua'),
    MARIADB_PLUGIN_DIR: join(root, 'usr/lib/x86_64-linux-gnu/libmariadb3/plugin'),
  }
  return { ...programInRoot(root, program), env, scripts }
}

export const sysbenchStep: SetupStep = {
  name: 'sysbench',
  async check() {
    return (await exists(join(root, program))) ? describe(root) : null
  },
  async install(context) {
    context.say('sysbench: fetching it from Debian 12')
    const suite = await context.suite('bookworm')
    await installFolder(context, root, async (fresh) => {
      await suite.unpackWithDependencies('sysbench', fresh, /^perl|^libperl|^debconf|^mariadb-common|^mysql-common/)
      await describe(fresh)
    })
    return describe(root)
  },
}

async function describe(folder: string): Promise<string> {
  const { command, args } = programInRoot(folder, program)
  const printed = await runCommand(command, [...args, '--version'])
  return `sysbench ${versionIn(printed) ?? printed.trim()}`
}
