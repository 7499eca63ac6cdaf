/**
 * Keeps what the JavaScript engine made of the program's modules in the data directory, so that agents and tasks start
 * in a fraction of the processor's time. Whatever is wrong with it only makes a start slower.
 */
import { existsSync } from 'node:fs'
import { enableCompileCache, flushCompileCache } from 'node:module'
import { join, resolve } from 'node:path'

export function compileCachePath(dataDir: string): string {
  return join(resolve(dataDir), 'compile-cache')
}

/**
 * For the modules that this process loads from now on. Not at the first start: whether the data directory can be used,
 * and for whom it is to be open, is not yet looked at.
 */
export function useCompileCache(dataDir: string): void {
  if (existsSync(dataDir)) enableCompileCache(compileCachePath(dataDir))
}

/** Writes down what this process has compiled by now: at its end, which may be a crash, could be too late. */
export function keepCompiled(): void {
  flushCompileCache()
}
