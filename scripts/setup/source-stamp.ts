/** What a build was made of, in one word: the names and contents of its sources. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from './project.ts'

/** @param paths from the project's root, always in the same order */
export async function stampOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths)
    hash
      .update(path)
      .update('\0')
      .update(await readFile(join(projectRoot, path)))
  return hash.digest('hex')
}
