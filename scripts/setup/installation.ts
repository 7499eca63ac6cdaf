/**
 * How a thing gets into the cache: made whole in a scratch folder, then moved into place by one rename.
 *
 * Easy to get wrong: a folder that exists is complete, so nothing but the rename may create it.
 */
import { access, mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AptSuite } from './apt-cache.ts'

export interface SetupContext {
  /** Where unfinished work lies; removed at the end. */
  readonly scratchDir: string
  /** Tells the person what is being done, in one short line. */
  readonly say: (line: string) => void
  /** A Debian suite of the machine's own mirror; its lists are fetched once a set-up. */
  readonly suite: (name: string) => Promise<AptSuite>
}

export interface SetupStep {
  readonly name: string
  /** What is already there, for example `nats-server 2.15.1`, or null when the step has work to do. */
  check(): Promise<string | null>
  /** Does the work. @returns what is there now */
  install(context: SetupContext): Promise<string>
}

/** Lets `make` fill a scratch folder and moves it to `target`, in place of what was there. */
export async function installFolder(
  context: SetupContext,
  target: string,
  make: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = join(context.scratchDir, `new-${Date.now()}`)
  await mkdir(folder, { recursive: true })
  await make(folder)
  await mkdir(dirname(target), { recursive: true })
  if (await exists(target)) await rename(target, join(context.scratchDir, `old-${Date.now()}`))
  await rename(folder, target)
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
