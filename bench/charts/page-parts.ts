/** Those parts of docs/performance.md that come from a run: the machine, and a table of every figure. */
import { asked, type ToldFigure } from '../figures.ts'
import type { Results } from '../tell-results.ts'
import { short } from './svg.ts'

/** Of all cores, the share that others may have without being told of. */
const tolerableShare = 0.1

/** A machine that had other work is told of: then even ratios are rough. */
export function machineLines({ measuredAt, machine, results }: Results): readonly string[] {
  const gibibytes = Math.round(machine.memoryBytes / 2 ** 30)
  const busiest = Math.max(0, ...results.map(({ busyBefore }) => busyBefore))
  return [
    `Measured on ${measuredAt.slice(0, 10)} at revision \`${machine.revision}\`: ${machine.cores} cores (${machine.cpu.trim()}), ` +
      `${gibibytes} GiB, Node ${machine.node}; ${machine.versions.join(', ')}.`,
    ...(busiest > tolerableShare
      ? [
          '',
          `**The machine had other work**: up to ${Math.round(100 * busiest)} % of its cores were busy when a benchmark began. ` +
            'Figures of an idle machine are better, and their ratios differ.',
        ]
      : []),
  ]
}

/** A table for each benchmark, those figures first of which something is asked. */
export function tableLines({ results }: Results): readonly string[] {
  return results.flatMap(({ benchmark, figures, failure }) => [
    `### ${benchmark}`,
    '',
    ...(failure === null ? tableOf(figures) : [`It did not end: ${failure}.`]),
    '',
  ])
}

function tableOf(figures: readonly ToldFigure[]): readonly string[] {
  return [
    '| measure | value | spread | against its peer | asked | met |',
    '| --- | ---: | ---: | --- | --- | --- |',
    ...figures.map(rowOf),
  ]
}

function rowOf(figure: ToldFigure): string {
  const { measure, value, unit, spread, ratio, comparedWith = '', targets = [], meets } = figure
  const cells = [
    measure,
    `${short(value)} ${unit}`,
    spread === undefined ? '' : `${short(spread[0])} to ${short(spread[1])}`,
    ratio === undefined ? '' : `${ratio.toFixed(2)} x ${comparedWith}`,
    targets.map((target) => asked(target, unit)).join(', '),
    meets === undefined ? '' : meets ? 'yes' : '**no**',
  ]
  return `| ${cells.join(' | ')} |`
}
