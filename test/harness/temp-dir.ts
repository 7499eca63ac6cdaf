/** Folders that vanish with the test. Their paths are short, for a Unix socket's may have 107 bytes only. */
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TempDir extends AsyncDisposable {
  readonly path: string
}

const retries = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 } as const
const inUse = new Set<string>()

// What a test that timed out did not dispose of.
process.on('exit', () => {
  for (const path of inUse) removeQuietly(path)
})

/** Makes an empty folder, readable by nobody else; `await using` removes it. */
export async function tempDir(prefix = 'mr-'): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), prefix))
  inUse.add(path)
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, retries)
      inUse.delete(path)
    },
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, retries)
  } catch {
    // A server that was killed a moment ago may still hold on to it; a leftover in the temporary folder harms nobody.
  }
}
