/** Where the project's own things lie. Everything that is fetched goes below `cacheDir`, which git ignores. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectRoot: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export const cacheDir: string = join(projectRoot, '.cache')

/** Runs `work` with a fresh folder inside the cache, on the same file system as what it makes, and removes it after. */
export async function withScratchDir<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  await mkdir(cacheDir, { recursive: true })
  const folder = await mkdtemp(join(cacheDir, 'scratch-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
