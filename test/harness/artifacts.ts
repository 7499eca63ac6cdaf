/** Files that a test leaves for people to look at, below `test-artifacts/`, which git ignores. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { projectRoot } from '../../scripts/setup/project.ts'

const folder = join(projectRoot, 'test-artifacts')

/** Writes or replaces `test-artifacts/PATH`. @param path its parts; what a file name may not hold becomes `-` */
export async function keepArtifact(path: readonly string[], content: Uint8Array | string): Promise<void> {
  const file = placeOf(path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}

/** Removes what an earlier run left there. */
export function dropArtifact(path: readonly string[]): Promise<void> {
  return rm(placeOf(path), { force: true })
}

function placeOf(path: readonly string[]): string {
  return join(folder, ...path.map((part) => part.replace(/[^\w.,() -]+/g, '-').slice(0, 120)))
}
