/**
 * `npm run bench`: every benchmark one after another, then one table of all figures, and the same as JSON in
 * bench/results/.
 *
 *     npm run bench                     all
 *     npm run bench -- --only NAME      one; may be repeated
 *     npm run bench -- --list           their names
 *
 * Each runs in a process of its own, so that none sees another's heap. Nothing here asserts a time.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Figure, figuresFileVariable, tableOf } from './figures.ts'

interface Benchmark {
  readonly name: string
  readonly what: string
  /** Beside this file. */
  readonly script: string
  readonly args?: readonly string[]
}

const benchmarks: readonly Benchmark[] = [
  { name: 'schedule-next', what: 'the next fire of a schedule', script: 'schedule-next.ts' },
  { name: 'scheduler', what: 'scheduled jobs on a real agent', script: 'scheduler.ts' },
  { name: 'cluster', what: 'how soon others take over from a node that is gone', script: 'cluster.ts' },
  ...['mysql-9.7', 'mysql-5.6', 'mariadb-10.11'].map((kind) => ({
    name: `binlog-decode-${kind}`,
    what: `reading the binlog of a real ${kind}`,
    script: 'binlog-decode.ts',
    args: [kind],
  })),
]

interface Result {
  readonly benchmark: string
  readonly figures: readonly Figure[]
  /** Null when it ended well. */
  readonly failure: string | null
  readonly seconds: number
  /** Processes that wanted to run when it began, ours not yet among them. */
  readonly loadBefore: number
}

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, list: { type: 'boolean' } } })
if (values.list === true) for (const { name, what } of benchmarks) console.log(`${name.padEnd(28)} ${what}`)
else await runAll(chosen(values.only))

function chosen(names: readonly string[] | undefined): readonly Benchmark[] {
  if (names === undefined) return benchmarks
  return names.map((name) => {
    const found = benchmarks.find((benchmark) => benchmark.name === name)
    if (found !== undefined) return found
    throw new Error(`no benchmark '${name}': one of ${benchmarks.map((benchmark) => benchmark.name).join(', ')}`)
  })
}

async function runAll(wanted: readonly Benchmark[]): Promise<void> {
  const results: Result[] = []
  for (const benchmark of wanted) results.push(await run(benchmark))
  tellAll(results)
  console.log(`\nwritten to ${write(results)}`)
  if (results.some(({ failure }) => failure !== null)) process.exitCode = 1
}

async function run({ name, what, script, args = [] }: Benchmark): Promise<Result> {
  console.log(`\n== ${name}: ${what}`)
  const folder = mkdtempSync(join(tmpdir(), 'mr-bench-'))
  const path = join(folder, 'figures.json')
  const loadBefore = loadavg()[0] ?? 0
  const startedAt = performance.now()
  try {
    const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, [figuresFileVariable]: path },
    })
    const [status, signal] = (await once(child, 'exit')) as [number | null, string | null]
    const failure = status === 0 ? null : `ended with ${signal ?? `status ${status}`}`
    const figures = failure === null ? (JSON.parse(readFileSync(path, 'utf8')) as readonly Figure[]) : []
    return { benchmark: name, figures, failure, loadBefore, seconds: (performance.now() - startedAt) / 1_000 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function tellAll(results: readonly Result[]): void {
  for (const { benchmark, figures, failure, seconds, loadBefore } of results) {
    console.log(`\n${benchmark} (${seconds.toFixed(0)} s, load before ${loadBefore.toFixed(1)})`)
    for (const line of failure === null ? tableOf(figures) : [`failed: ${failure}`]) console.log(`  ${line}`)
  }
}

/** @returns the file's path */
function write(results: readonly Result[]): string {
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  const measuredAt = new Date().toISOString()
  const path = join(folder, `${measuredAt.replaceAll(':', '-')}.json`)
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
  }
  writeFileSync(path, `${JSON.stringify({ measuredAt, machine, results }, null, 2)}\n`)
  return path
}
