/**
 * A full copy of four tables, by Millrace and by the programs that people use for it.
 *
 *     node bench/copy.ts [mysql-9.7 | mysql-5.6 | mariadb-10.11] [options]
 *       --rows N          of all tables together; 5,000,000
 *       --tables N        4
 *       --threads N       of whoever knows threads; 4
 *       --rounds N        1
 *       --only NAME       millrace, mydumper or piped; may be repeated
 *       --local-infile S  ON, as MySQL 5.6 and MariaDB have it, so that the target takes LOAD DATA LOCAL; or OFF, as
 *                         MySQL 8 and later have it until told otherwise
 *       --source-data P   keep the source's data in this folder, or take what is there
 *
 * Everybody copies into a fresh target of the same settings, and a figure counts only when the target is equal to the source,
 * its keys included. A peer that can't dump or load this server is told of and left out.
 */
import { parseArgs } from 'node:util'
import type { ServerKind } from '../test/harness/mysql-servers.ts'
import { type Contender, millrace, mydumper, piped } from './copy/contenders.ts'
import { contentOf, fill, startCopyServer } from './copy/servers.ts'
import { type Figure, tellFigures } from './figures.ts'
import { MachineWatch } from './machine-use.ts'
import { cpuSeconds } from './process-cost.ts'

interface Copied {
  readonly seconds: number
  readonly ownCpuSeconds: number
  readonly targetCpuSeconds: number
  readonly sourceCpuSeconds: number
  /** Of the processes that copy; of Millrace, those of its two tasks. */
  readonly largestMiB: number
  /** Of all cores: the share that was busy. */
  readonly busy: number
}

/** What the processes of Millrace's two tasks are called. */
const taskProgram = /^replication-task/
const mostTaskMiB = 200
const wantedRatio = 1.5
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '5000000' },
    tables: { type: 'string', default: '4' },
    threads: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    'local-infile': { type: 'string', default: 'ON' },
    'source-data': { type: 'string' },
  },
})
const kind = (positionals[0] ?? 'mysql-9.7') as ServerKind
const [rows, tables, threads] = [Number(values.rows), Number(values.tables), Number(values.threads)]
const targetArgs = [`--local-infile=${values['local-infile']}`]
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
  await using target = await startCopyServer(kind, { args: targetArgs })
  const watch = new MachineWatch(target.pid)
  const [sourceBefore, targetBefore] = [cpuSeconds(source.pid), cpuSeconds(target.pid)]
  const startedMs = performance.now()
  const used = await contender.copy({ source, target, threads })
  const seconds = (performance.now() - startedMs) / 1_000
  const { busy } = watch.end()
  const tasks = contender === millrace ? used.filter(({ name }) => taskProgram.test(name)) : used
  const copied = {
    seconds,
    ownCpuSeconds: used.reduce((sum, one) => sum + one.cpuSeconds, 0),
    targetCpuSeconds: cpuSeconds(target.pid) - targetBefore,
    sourceCpuSeconds: cpuSeconds(source.pid) - sourceBefore,
    largestMiB: Math.max(0, ...tasks.map(({ peakMiB }) => peakMiB)),
    busy,
  }
  console.log(
    `${contender.name}: ${seconds.toFixed(1)} s; CPU of the source ${copied.sourceCpuSeconds.toFixed(1)} s, ` +
      `of the target ${copied.targetCpuSeconds.toFixed(1)} s, of its own ${copied.ownCpuSeconds.toFixed(1)} s: ` +
      used
        .map(({ name, cpuSeconds: cpu, peakMiB }) => `${name} ${cpu.toFixed(1)} s ${peakMiB.toFixed(0)} MiB`)
        .join(', '),
  )
  if ((await contentOf(target, tables)) !== wanted) throw new Error('the target is not equal to the source')
  return copied
}

function figuresOf(): readonly Figure[] {
  const rates = new Map([...results].map(([contender, runs]) => [contender, runs.map((run) => rows / run.seconds)]))
  const peers = [...rates].filter(([contender]) => contender !== millrace)
  const best = peers.toSorted(([, a], [, b]) => middleOf(b) - middleOf(a))[0]
  return [...results].flatMap(([contender, runs]) =>
    figuresOfOne(contender, runs, contender === millrace ? best : undefined),
  )
}

function figuresOfOne(
  { name }: Contender,
  runs: readonly Copied[],
  best: readonly [Contender, readonly number[]] | undefined,
): readonly Figure[] {
  const own = runs.map((run) => rows / run.seconds)
  const compared: Partial<Figure> =
    best === undefined
      ? {}
      : {
          comparedWith: best[0].name,
          ratio: middleOf(own) / middleOf(best[1]),
          targets: [{ of: 'ratio', atLeast: wantedRatio }],
        }
  const of = (take: (run: Copied) => number) => middleOf(runs.map(take))
  const memory: Partial<Figure> = name === millrace.name ? { targets: [{ of: 'value', atMost: mostTaskMiB }] } : {}
  return [
    {
      measure: `${name}: rows`,
      value: middleOf(own),
      unit: '1/s',
      spread: [Math.min(...own), Math.max(...own)] as const,
      ...compared,
    },
    { measure: `${name}: CPU of its own`, value: of((run) => run.ownCpuSeconds), unit: 's' },
    { measure: `${name}: CPU of the source`, value: of((run) => run.sourceCpuSeconds), unit: 's' },
    { measure: `${name}: CPU of the target`, value: of((run) => run.targetCpuSeconds), unit: 's' },
    { measure: `${name}: cores busy`, value: of((run) => run.busy * 100), unit: '%' },
    { measure: `${name}: largest process that copies`, value: of((run) => run.largestMiB), unit: 'MiB', ...memory },
  ]
}

function middleOf(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? Number.NaN
}
