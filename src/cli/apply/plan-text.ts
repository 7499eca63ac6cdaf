/** What applying did, or would do, in words and as JSON. */
import { counted } from '../amounts.ts'
import { type Colour, painted, type Screen } from '../screen.ts'
import { printable, shorten } from '../table.ts'
import { kindNames } from './document-kind.ts'
import type { FieldChange } from './field-changes.ts'
import type { PlannedJob } from './plan.ts'

export interface AppliedJob extends PlannedJob {
  /** Why it could not be written; null when it could, or was not tried. */
  readonly error: string | null
}

const longestValue = 300
const mask = '********'
const signs: Readonly<Record<PlannedJob['action'], readonly [sign: string, colour: Colour, done: string]>> = {
  create: ['+', 'green', 'created'],
  change: ['~', 'yellow', 'changed'],
  keep: ['=', 'grey', 'unchanged'],
}

/** A line for each job, one for each field that differs, and the sum. */
export function appliedText(jobs: readonly AppliedJob[], isDryRun: boolean, screen: Pick<Screen, 'terminal'>): string {
  return [...jobs.flatMap((job) => jobLines(job, isDryRun, screen)), sumText(jobs, isDryRun)].join('\n')
}

function jobLines(job: AppliedJob, isDryRun: boolean, screen: Pick<Screen, 'terminal'>): readonly string[] {
  const [sign, colour, done] = signs[job.action]
  const title = printable(`${kindNames[job.kind]} ${job.name}`)
  if (job.error !== null) return [painted(screen, 'red', `! ${title} failed: ${printable(job.error)}`)]
  const word = isDryRun && job.action !== 'keep' ? `would be ${done}` : done
  return [
    painted(screen, colour, `${sign} ${title} ${word}`),
    ...job.changes.map((change) => `    ${printable(changeText(change, job.action))}`),
    ...job.warnings.map((warning) => `    warning: ${printable(warning)}`),
  ]
}

function changeText({ field, before, after, isSecret }: FieldChange, action: PlannedJob['action']): string {
  if (isSecret) return `${field}: ${action === 'create' ? '' : 'changed, '}not shown`
  if (action === 'create') return `${field}: ${valueText(after)}`
  return `${field}: ${valueText(before)} -> ${valueText(after)}`
}

function valueText(value: unknown): string {
  return value === null ? '(none)' : shorten(JSON.stringify(value), longestValue)
}

function sumText(jobs: readonly AppliedJob[], isDryRun: boolean): string {
  const { created, changed, unchanged, failed } = counts(jobs)
  const sum = `${created} created, ${changed} changed, ${unchanged} unchanged${failed === 0 ? '' : `, ${failed} failed`}`
  return isDryRun ? `${counted(jobs.length, 'job')}, dry run, nothing was written: ${sum}` : sum
}

function counts(jobs: readonly AppliedJob[]) {
  const of = (action: PlannedJob['action']) => jobs.filter((job) => job.error === null && job.action === action).length
  const failed = jobs.filter((job) => job.error !== null).length
  return { created: of('create'), changed: of('change'), unchanged: of('keep'), failed }
}

/** See docs/cli.md. */
export function appliedJson(jobs: readonly AppliedJob[], isDryRun: boolean): string {
  const shown = jobs.map(({ kind, name, place, action, changes, warnings, error }) => ({
    kind,
    name,
    place,
    action: error === null ? signs[action][2] : 'failed',
    changes: changes.map(({ field, before, after, isSecret }) =>
      isSecret ? { field, before: mask, after: mask } : { field, before, after },
    ),
    warnings,
    error,
  }))
  return JSON.stringify({ dry_run: isDryRun, ...counts(jobs), jobs: shown }, null, 2)
}
