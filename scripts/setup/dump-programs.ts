/**
 * What `millrace copy` is measured against: mydumper with myloader, and each vendor's own dump program and client, from
 * Debian with their libraries.
 *
 * Easy to get wrong: the client library of mydumper and of MariaDB's programs looks for the plugin of MySQL's own
 * authentication at a path of the machine, so its place is named in the environment.
 */
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { type ProgramStart, programInRoot } from './debian-root.ts'
import { SetupError } from './failure.ts'
import { exists, installFolder, type SetupStep } from './installation.ts'
import { cacheDir } from './project.ts'

/** Holds one folder for each vendor's programs, and one for mydumper. */
const root = join(cacheDir, 'dump-programs')

const places = {
  mydumper: { folder: 'mydumper', suite: 'bookworm', package: 'mydumper' },
  myloader: { folder: 'mydumper', suite: 'bookworm', package: 'mydumper' },
  'mariadb-dump': { folder: 'mariadb', suite: 'bookworm', package: 'mariadb-client' },
  mariadb: { folder: 'mariadb', suite: 'bookworm', package: 'mariadb-client' },
  mysqldump: { folder: 'mysql', suite: 'sid', package: 'mysql-client-core' },
  mysql: { folder: 'mysql', suite: 'sid', package: 'mysql-client-core' },
} as const

export type DumpProgram = keyof typeof places

export interface DumpProgramStart extends ProgramStart {
  /** Needed beside the environment of the process. */
  readonly env: Readonly<Record<string, string>>
}

/** How to start one of them. @throws SetupError when it was not set up */
export async function findDumpProgram(program: DumpProgram): Promise<DumpProgramStart> {
  const folder = join(root, places[program].folder)
  if (!(await exists(join(folder, 'usr/bin', program))))
    throw new SetupError(`no ${program} in the project's cache\n  cure: run 'npm run setup -- --bench'`)
  return startIn(folder, program)
}

export const dumpProgramsStep: SetupStep = {
  name: 'dump programs',
  async check() {
    return (await exists(root)) ? describe(root) : null
  },
  async install(context) {
    context.say('mydumper, mysqldump, mariadb-dump: fetching them from Debian')
    const wanted = new Map(Object.values(places).map((place) => [place.folder, place]))
    await installFolder(context, root, async (fresh) => {
      for (const place of wanted.values()) {
        const suite = await context.suite(place.suite)
        const leftOut = /perl|^libgdbm|^libdb5|^debconf|^mariadb-common|^mysql-common/
        await suite.unpackWithDependencies(place.package, join(fresh, place.folder), leftOut)
      }
      await describe(fresh)
    })
    return describe(root)
  },
}

function startIn(folder: string, program: DumpProgram): DumpProgramStart {
  const env = { MARIADB_PLUGIN_DIR: join(folder, 'usr/lib/x86_64-linux-gnu/libmariadb3/plugin') }
  return { ...programInRoot(folder, join('usr/bin', program)), env }
}

async function describe(folder: string): Promise<string> {
  const versions: string[] = []
  for (const program of ['mydumper', 'mysqldump', 'mariadb-dump'] as const) {
    const { command, args, env } = startIn(join(folder, places[program].folder), program)
    const printed = await runCommand(command, [...args, '--version'], { env })
    versions.push(`${program} ${/\d+\.\d+\.\d+(?=[,\s-])/.exec(printed)?.[0] ?? ''}`)
  }
  return versions.join(', ')
}
