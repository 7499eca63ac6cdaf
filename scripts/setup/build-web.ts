/** Builds the page into `dist/web` with Vite when one of its sources has changed since the last build. */
import { glob, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { exists, type SetupStep } from './installation.ts'
import { cacheDir, projectRoot } from './project.ts'
import { stampOf } from './source-stamp.ts'

const indexPath = join(projectRoot, 'dist/web/index.html')
const stampPath = join(cacheDir, 'build-web-stamp')

export const buildWebStep: SetupStep = {
  name: 'page',
  async check() {
    if (!(await exists(indexPath))) return null
    const built = await readFile(stampPath, 'utf8').catch(() => '')
    return built === (await stampOf(await sourcePaths())) ? 'page' : null
  },
  async install(context) {
    context.say('page: vite build')
    // Taken before the sources are read: what changes meanwhile is built again next time.
    const stamp = await stampOf(await sourcePaths())
    await rm(stampPath, { force: true })
    const vite = join(projectRoot, 'node_modules/vite/bin/vite.js')
    await runCommand(process.execPath, [vite, 'build', 'web', '--logLevel', 'warn'], {
      cure: 'mend the sources named above',
    })
    await writeFile(stampPath, stamp)
    return 'page'
  },
}

async function sourcePaths(): Promise<readonly string[]> {
  const paths = await Array.fromAsync(
    glob(['web/*.{html,ts,json}', 'web/{src,public,build}/**/*.*'], { cwd: projectRoot }),
  )
  return ['package-lock.json', ...paths.filter((path) => !path.endsWith('.test.ts')).toSorted()]
}
