/**
 * What every benchmark ends with: a table for people, and the same as JSON when `run.ts` asks for it.
 *
 * Easy to get wrong: absolute figures drift by a factor of two on a shared machine, so whatever can be compared in the
 * same run is, and the ratio is what to keep.
 */
import { writeFileSync } from 'node:fs'

export interface Figure {
  /** What was measured, in words; unique within a benchmark. */
  readonly measure: string
  readonly value: number
  readonly unit: string
  /** The lowest and the highest of several rounds. */
  readonly spread?: readonly [number, number]
  /** What it is compared with, measured in the same run, or what the project wants it to be. */
  readonly comparedWith?: string
  /** How many times better than that; below 1 it is worse. */
  readonly ratio?: number
  /** What the project wants of it; all must hold. */
  readonly targets?: readonly Target[]
}

/** A bound for a figure's value or its ratio; both ends count as met. */
export type Target =
  | { readonly of: 'value' | 'ratio'; readonly atLeast: number }
  | { readonly of: 'value' | 'ratio'; readonly atMost: number }

/** As it is written for others: with the answer. */
export type ToldFigure = Figure & { readonly meets?: boolean }

/** Whether a figure is what the project wants; undefined when nothing is asked of it. */
export function meets({ value, ratio, targets }: Figure): boolean | undefined {
  return targets?.every((target) => {
    const measured = target.of === 'value' ? value : (ratio ?? Number.NaN)
    return 'atLeast' in target ? measured >= target.atLeast : measured <= target.atMost
  })
}

/** The variable in which `run.ts` names the file for the figures; no `MILLRACE_` before it, for agents would refuse it. */
export const figuresFileVariable = 'BENCH_FIGURES_FILE'

/** Prints a benchmark's figures, and writes them where `run.ts` wants them. */
export function tellFigures(figures: readonly Figure[]): void {
  for (const line of tableOf(figures)) console.log(line)
  const path = process.env[figuresFileVariable]
  if (path !== undefined) writeFileSync(path, JSON.stringify(figures.map(told)))
}

function told(figure: Figure): ToldFigure {
  const answer = meets(figure)
  return answer === undefined ? figure : { ...figure, meets: answer }
}

/** @returns one line a figure, in columns, after a line of headings */
export function tableOf(figures: readonly Figure[]): readonly string[] {
  const rows = [['measure', 'value', 'unit', 'lowest..highest', 'ratio', 'to', 'asked', 'met'], ...figures.map(rowOf)]
  const widths = (rows[0] ?? []).map((_heading, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) =>
    row
      .map((text, column) =>
        isNumeric(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}

function rowOf(figure: Figure): readonly string[] {
  const { measure, value, unit, spread, comparedWith = '', ratio, targets = [] } = figure
  const range = spread === undefined ? '' : `${rounded(spread[0])}..${rounded(spread[1])}`
  const answer = meets(figure)
  return [
    measure,
    rounded(value),
    unit,
    range,
    ratio === undefined ? '' : `${ratio.toFixed(2)} x`,
    comparedWith,
    targets.map((target) => asked(target, unit)).join(', '),
    answer === undefined ? '' : answer ? 'yes' : 'NO',
  ]
}

/** A target in words, for example `>= 2.5 x` or `<= 200 MiB`. */
export function asked(target: Target, unit: string): string {
  const [sign, bound] = 'atLeast' in target ? ['>=', target.atLeast] : ['<=', target.atMost]
  return `${sign} ${rounded(bound)} ${target.of === 'ratio' ? 'x' : unit}`
}

function isNumeric(column: number): boolean {
  return column === 1 || column === 3 || column === 4
}

function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}
