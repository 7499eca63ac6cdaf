/** Folders that vanish with the test. Their paths are short, for a Unix socket's may have 107 bytes only. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TempDir extends AsyncDisposable {
  readonly path: string
}

/** Makes an empty folder, readable by nobody else; `await using` removes it. */
export async function tempDir(prefix = 'mr-'): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), prefix))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  }
}
