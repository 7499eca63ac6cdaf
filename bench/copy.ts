/**
 * A full copy of four tables, by Millrace and by the programs that people use for it.
 *
 *     node bench/copy.ts [mysql-9.7 | mysql-5.6 | mariadb-10.11] [options]
 *       --rows N          of all tables together; 5,000,000
 *       --tables N        4
 *       --threads N       of whoever knows threads; 4
 *       --rounds N        1
 *       --only NAME       millrace, mydumper or piped; may be repeated
 *       --local-infile    the target takes LOAD DATA LOCAL: ON or OFF; else as the server does by itself
 *       --source-data P   keep the source's data in this folder, or take what is there
 *
 * Everybody copies into a fresh target of the same settings, and a figure counts only when the target is equal to the source,
 * its keys included. A peer that can't dump or load this server is told of and left out.
 */
import { parseArgs } from 'node:util'
import type { ServerKind } from '../test/harness/mysql-servers.ts'
import { type Contender, millrace, mydumper, piped } from './copy/contenders.ts'
import { cpuSecondsOf } from './copy/process-use.ts'
import { contentOf, fill, startCopyServer } from './copy/servers.ts'
import { type Figure, tellFigures } from './figures.ts'

interface Copied {
  readonly seconds: number
  readonly ownCpuSeconds: number
  readonly targetCpuSeconds: number
  readonly sourceCpuSeconds: number
  readonly largestMiB: number
}

const wantedRatio = 1.5
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '5000000' },
    tables: { type: 'string', default: '4' },
    threads: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    'local-infile': { type: 'string' },
    'source-data': { type: 'string' },
  },
})
const kind = (positionals[0] ?? 'mysql-9.7') as ServerKind
const [rows, tables, threads] = [Number(values.rows), Number(values.tables), Number(values.threads)]
const infile = values['local-infile'] === undefined ? [] : [`--local-infile=${values['local-infile']}`]
const all: Readonly<Record<string, Contender>> = { millrace, mydumper, piped }
const contenders = (values.only ?? Object.keys(all)).map((name) => {
  const found = all[name]
  if (found === undefined) throw new Error(`no contender '${name}': one of ${Object.keys(all).join(', ')}`)
  return found
})

const dataDir = values['source-data']
await using source = await startCopyServer(kind, { args: [], ...(dataDir === undefined ? {} : { dataDir }) })
await fill(source, { rows, tables })
const wanted = await contentOf(source, tables)
const results = new Map<Contender, Copied[]>()
for (let round = 0; round < Number(values.rounds); round += 1)
  for (const contender of contenders) {
    const copied = await measure(contender).catch((error: unknown) => {
      if (contender === millrace) throw error
      console.log(`${contender.name} can't copy ${kind}: ${error instanceof Error ? error.message : String(error)}`)
      return null
    })
    if (copied !== null) results.set(contender, [...(results.get(contender) ?? []), copied])
  }
tellFigures(figuresOf())

async function measure(contender: Contender): Promise<Copied> {
  await using target = await startCopyServer(kind, { args: infile })
  const [sourceBefore, targetBefore] = [cpuSecondsOf(source.pid), cpuSecondsOf(target.pid)]
  const startedMs = performance.now()
  const use = await contender.copy({ source, target, threads })
  const seconds = (performance.now() - startedMs) / 1_000
  const [sourceCpu, targetCpu] = [cpuSecondsOf(source.pid) - sourceBefore, cpuSecondsOf(target.pid) - targetBefore]
  console.log(
    `${contender.name}: ${seconds.toFixed(1)} s, CPU of its own ${use.cpuSeconds.toFixed(1)} s, of the source ` +
      `${sourceCpu.toFixed(1)} s, of the target ${targetCpu.toFixed(1)} s; ${use.largestMiB.toFixed(0)} MiB`,
  )
  if ((await contentOf(target, tables)) !== wanted) throw new Error('the target is not equal to the source')
  return {
    seconds,
    ownCpuSeconds: use.cpuSeconds,
    targetCpuSeconds: targetCpu,
    sourceCpuSeconds: sourceCpu,
    largestMiB: use.largestMiB,
  }
}

function figuresOf(): readonly Figure[] {
  const rates = new Map([...results].map(([contender, runs]) => [contender, runs.map((run) => rows / run.seconds)]))
  const peers = [...rates].filter(([contender]) => contender !== millrace)
  const best = peers.toSorted(([, a], [, b]) => middleOf(b) - middleOf(a))[0]
  return [...results].flatMap(([contender, runs]) => {
    const own = rates.get(contender) ?? []
    const isCompared = contender === millrace && best !== undefined
    const compared = isCompared
      ? { comparedWith: `${best[0].name}; wanted: ${wantedRatio} x`, ratio: middleOf(own) / middleOf(best[1]) }
      : {}
    const of = (take: (run: Copied) => number) => middleOf(runs.map(take))
    return [
      {
        measure: `${contender.name}: rows`,
        value: middleOf(own),
        unit: '1/s',
        spread: [Math.min(...own), Math.max(...own)] as const,
        ...compared,
      },
      { measure: `${contender.name}: CPU of its own`, value: of((run) => run.ownCpuSeconds), unit: 's' },
      { measure: `${contender.name}: CPU of the source`, value: of((run) => run.sourceCpuSeconds), unit: 's' },
      { measure: `${contender.name}: CPU of the target`, value: of((run) => run.targetCpuSeconds), unit: 's' },
      { measure: `${contender.name}: largest process`, value: of((run) => run.largestMiB), unit: 'MiB' },
    ]
  })
}

function middleOf(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? Number.NaN
}
