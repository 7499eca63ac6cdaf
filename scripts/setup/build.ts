/**
 * Builds `dist/` with tsc when a source has changed since the last build; `dist/web` is the page's (build-web.ts).
 *
 * Easy to get wrong: tsc does not remove what a deleted source left behind, and writes nothing when it believes in its own
 * notes of an earlier build, so both are looked after here.
 */
import { glob, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { exists, type SetupStep } from './installation.ts'
import { cacheDir, projectRoot } from './project.ts'
import { stampOf } from './source-stamp.ts'

const distDir = join(projectRoot, 'dist')
const mainPath = join(distDir, 'main.js')
const stampPath = join(cacheDir, 'build-stamp')
const tsNotesPath = join(cacheDir, 'tsbuildinfo')
const settings = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json']

export const buildStep: SetupStep = {
  name: 'build',
  async check() {
    if (!(await exists(mainPath))) return null
    const built = await readFile(stampPath, 'utf8').catch(() => '')
    return built === (await sourceStamp(await sourcePaths())) ? 'build' : null
  },
  async install(context) {
    context.say('build: tsc')
    const sources = await sourcePaths()
    // Taken before tsc reads the sources: what changes meanwhile is built again next time.
    const stamp = await sourceStamp(sources)
    if (!(await exists(mainPath))) await rm(tsNotesPath, { force: true })
    await rm(stampPath, { force: true })
    await runCommand(
      process.execPath,
      [join(projectRoot, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
      {
        cure: 'mend the sources named above',
      },
    )
    await removeLeftovers(sources)
    await writeFile(stampPath, stamp)
    return 'build'
  },
}

async function sourcePaths(): Promise<readonly string[]> {
  const paths = await Array.fromAsync(glob('src/**/*.ts', { cwd: projectRoot }))
  return paths.filter((path) => !path.endsWith('.test.ts')).toSorted()
}

function sourceStamp(paths: readonly string[]): Promise<string> {
  return stampOf([...settings, ...paths])
}

async function removeLeftovers(sources: readonly string[]): Promise<void> {
  const wanted = new Set(sources.map((path) => path.slice('src/'.length, -'.ts'.length)))
  for await (const path of glob('**/*.{js,js.map,d.ts}', { cwd: distDir, exclude: ['web'] }))
    if (!wanted.has(path.replace(/\.(js|js\.map|d\.ts)$/, ''))) await rm(join(distDir, path))
}
