/** libfaketime from Debian 12: a library that makes one process believe in another time of day. For tests of clocks. */
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { exists, installFolder, type SetupStep } from './installation.ts'
import { cacheDir } from './project.ts'

const folder = join(cacheDir, 'libfaketime')

/** The library for programs with several threads, to be named in LD_PRELOAD. */
export const faketimeLibrary: string = join(folder, 'libfaketimeMT.so.1')

export const libfaketimeStep: SetupStep = {
  name: 'libfaketime',
  async check() {
    return (await exists(faketimeLibrary)) ? 'libfaketime' : null
  },
  async install(context) {
    context.say('libfaketime: fetching it from Debian 12')
    const suite = await context.suite('bookworm')
    await installFolder(context, folder, async (fresh) => {
      const root = join(context.scratchDir, 'libfaketime-root')
      await suite.unpackOne('libfaketime', root)
      const found = await runCommand('find', [root, '-type', 'f', '-name', 'libfaketimeMT.so.1'])
      await runCommand('cp', [found.split('\n')[0] ?? '', join(fresh, 'libfaketimeMT.so.1')])
    })
    return 'libfaketime'
  },
}
