/**
 * `npm run bench`: sets up what is missing, runs every benchmark one after another, and ends with one table of all
 * figures; the same goes as JSON to bench/results/.
 *
 *     npm run bench                     all, within 40 minutes
 *     npm run bench -- --only NAME      one; may be repeated
 *     npm run bench -- --list           their names
 *     npm run bench -- --no-setup       with what is there, and the agent from its sources unless dist/ is there
 *     npm run bench:smoke               tiny sizes: whether each one ends, is right, and tells its figures
 *
 * Each runs in a process of its own, so that none sees another's heap. Nothing here asserts a time: a target that is not
 * reached is told in the table, and is no failure.
 */
import { parseArgs } from 'node:util'
import { exitWithFailure } from '../scripts/setup/failure.ts'
import { setUp } from '../scripts/setup/run.ts'
import { type Benchmark, benchmarks, benchmarksNamed } from './benchmarks.ts'
import { type Result, runBenchmark } from './run-benchmark.ts'
import { missingFigures } from './smoke.ts'
import { tellResults, writeResults } from './tell-results.ts'

const flag = { type: 'boolean', default: false } as const

try {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, list: flag, smoke: flag, 'no-setup': flag },
  })
  const chosen = values.only === undefined ? benchmarks : benchmarksNamed(values.only)
  if (values.list) for (const { name, what } of chosen) console.log(`${name.padEnd(28)} ${what}`)
  else {
    if (!values['no-setup']) await setUp('servers', 'bench')
    process.exitCode = (await (values.smoke ? smoke(chosen) : measure(chosen))) ? 0 : 1
  }
} catch (error) {
  exitWithFailure('bench', error)
}

/** @returns whether every one ended well */
async function measure(chosen: readonly Benchmark[]): Promise<boolean> {
  const results: Result[] = []
  for (const benchmark of chosen) results.push(await runBenchmark(benchmark, benchmark.args))
  tellResults(results)
  console.log(`\nwritten to ${await writeResults(results)}`)
  return results.every(({ failure }) => failure === null)
}

/** @returns whether every one ended well and told what it should */
async function smoke(chosen: readonly Benchmark[]): Promise<boolean> {
  const problems: string[] = []
  for (const benchmark of chosen) {
    if (benchmark.smoke === null) continue
    const { failure, figures, seconds } = await runBenchmark(benchmark, benchmark.smoke)
    const missing = failure === null ? missingFigures(benchmark, figures) : [failure]
    problems.push(...missing.map((problem) => `${benchmark.name}: ${problem}`))
    console.log(`== ${benchmark.name}: ${missing.length === 0 ? 'right' : 'NOT right'}, ${seconds.toFixed(0)} s`)
  }
  for (const problem of problems) console.log(`!! ${problem}`)
  return problems.length === 0
}
