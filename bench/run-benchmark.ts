/** Running one benchmark in a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Benchmark } from './benchmarks.ts'
import { figuresFileVariable, type ToldFigure } from './figures.ts'
import { busyShare } from './process-cost.ts'

export interface Result {
  readonly benchmark: string
  readonly figures: readonly ToldFigure[]
  /** Null when it ended well. */
  readonly failure: string | null
  readonly seconds: number
  /** Of all cores, the share that was busy before it began, by others therefore; 0 to 1. */
  readonly busyBefore: number
}

/** Never throws for what the benchmark does: that is told as its failure. */
export async function runBenchmark({ name, what, script }: Benchmark, args: readonly string[]): Promise<Result> {
  console.log(`\n== ${name}: ${what}`)
  const folder = mkdtempSync(join(tmpdir(), 'mr-bench-'))
  const path = join(folder, 'figures.json')
  const busyBefore = await busyShare()
  const startedAt = performance.now()
  try {
    const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, [figuresFileVariable]: path },
    })
    const [status, signal] = (await once(child, 'exit')) as [number | null, string | null]
    const failure = status === 0 ? null : `ended with ${signal ?? `status ${status}`}`
    const figures = failure === null ? (JSON.parse(readFileSync(path, 'utf8')) as readonly ToldFigure[]) : []
    return { benchmark: name, figures, failure, busyBefore, seconds: (performance.now() - startedAt) / 1_000 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
