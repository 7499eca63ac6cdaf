/** The table of a whole run for people, and its JSON, with what it was measured on. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { tryCommand } from '../scripts/setup/command.ts'
import { presentVersions } from '../scripts/setup/run.ts'
import { tableOf } from './figures.ts'
import type { Result } from './run-benchmark.ts'

/** One run, as it is kept. */
export interface Results {
  readonly measuredAt: string
  readonly machine: Machine
  readonly results: readonly Result[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly node: string
  /** Of Millrace, as git tells it; empty outside of a clone. */
  readonly revision: string
  /** Of the servers and programs, for example `MySQL 9.7.4`. */
  readonly versions: readonly string[]
}

/** Prints every figure, then how many of the targets are met. */
export function tellResults(results: readonly Result[]): void {
  for (const { benchmark, figures, failure, seconds, busyBefore } of results) {
    console.log(`\n${benchmark} (${seconds.toFixed(0)} s, ${(100 * busyBefore).toFixed(0)} % of the cores busy before)`)
    for (const line of failure === null ? tableOf(figures) : [`failed: ${failure}`]) console.log(`  ${line}`)
  }
  const judged = results.flatMap(({ figures }) => figures).filter(({ meets }) => meets !== undefined)
  const met = judged.filter(({ meets }) => meets)
  console.log(`\n${met.length} of ${judged.length} figures with a target meet it`)
  for (const { measure } of judged.filter(({ meets }) => !meets)) console.log(`  not met: ${measure}`)
}

/** @returns the file's path */
export async function writeResults(results: readonly Result[]): Promise<string> {
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  const measuredAt = new Date().toISOString()
  const path = join(folder, `${measuredAt.replaceAll(':', '-')}.json`)
  const all: Results = { measuredAt, machine: await thisMachine(), results }
  writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`)
  return path
}

async function thisMachine(): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    revision: (await tryCommand('git', ['rev-parse', '--short', 'HEAD'])).stdout.trim(),
    versions: await presentVersions('bench'),
  }
}
