/**
 * One project of vitest.config.ts as a suite.
 *
 * Easy to get wrong: vitest's own counts leave out files that could not be loaded, hooks that failed, and errors that no
 * test caught. Each of them counts as a failure here, and so does a test that was skipped.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '../setup/project.ts'
import { type Outcome, oneFailed } from './outcome.ts'
import { runShown } from './shown-command.ts'
import { uncaughtFileVariable } from './uncaught-reporter.ts'

/** The part of vitest's JSON report that is read here. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      /** The stack of each error, its message first. */
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

export interface VitestRun {
  readonly project: string
  /** All of it, a second beginning included. */
  readonly limitMs: number
  /** How many of its files run beside each other; null for the project's own setting. */
  readonly filesAtOnce: number | null
  /** A file with a failure runs once more, whole, so with servers of its own anew; what comes out then counts. */
  readonly beginsOnceMore: boolean
}

/** Runs the tests of a vitest project, showing them, and counts. */
export async function vitestGate(run: VitestRun): Promise<Outcome> {
  const { project, limitMs, beginsOnceMore } = run
  const deadlineMs = performance.now() + limitMs
  const first = await runOnce(run, [], limitMs)
  if (first === null) return oneFailed(`${project}: vitest left no report (no test files, or it ended too early)`)
  const failed = first.report.testResults.filter(({ status }) => status === 'failed')
  const leftMs = deadlineMs - performance.now()
  if (!beginsOnceMore || failed.length === 0 || leftMs <= 0) return outcomeOf(project, first.report, first.status)
  const names = failed.map(({ name }) => name)
  process.stdout.write(`\n== ${project}: once more: ${names.join(' ')}\n`)
  const second = await runOnce(run, names, leftMs)
  if (second === null) return outcomeOf(project, first.report, first.status)
  return afterSecond(project, first, second)
}

export interface Ran {
  readonly report: VitestReport
  /** Errors that no test caught. */
  readonly uncaught: number
  /** Of the vitest process, null when a signal ended it. */
  readonly status: number | null
}

/** @param files their paths; none for all @returns null when vitest left no report */
async function runOnce(run: VitestRun, files: readonly string[], limitMs: number): Promise<Ran | null> {
  const { project, filesAtOnce } = run
  const folder = await mkdtemp(join(tmpdir(), 'mr-report-'))
  try {
    const reportPath = join(folder, 'report.json')
    const uncaughtPath = join(folder, 'uncaught')
    const args = [
      'run',
      ...files,
      '--project',
      project,
      '--reporter=default',
      // Each line of a long test is shown as it was written, not under a heading of its own.
      '--disable-console-intercept',
      '--reporter=json',
      `--reporter=${join(import.meta.dirname, 'uncaught-reporter.ts')}`,
      `--outputFile.json=${reportPath}`,
      ...(filesAtOnce === null ? [] : ['--fileParallelism', `--maxWorkers=${filesAtOnce}`]),
    ]
    const vitest = join(projectRoot, 'node_modules/.bin/vitest')
    const status = await runShown(vitest, args, limitMs, { [uncaughtFileVariable]: uncaughtPath })
    const text = await readFile(reportPath, 'utf8').catch(() => null)
    if (text === null) return null
    const uncaught = Number(await readFile(uncaughtPath, 'utf8').catch(() => '1'))
    return { report: JSON.parse(text) as VitestReport, uncaught, status }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Counts both runs as one, and tells what failed in the first: a second beginning hides nothing. */
export function afterSecond(project: string, first: Ran, second: Ran): Outcome {
  const again = new Map(second.report.testResults.map((file) => [file.name, file]))
  const testResults = first.report.testResults.map((file) => again.get(file.name) ?? file)
  const { passed, failed, remarks } = outcomeOf(project, { testResults }, second.status)
  const told = outcomeOf(project, first.report, first.status).remarks.map((remark) => `at first: ${remark}`)
  // Nobody knows of which file they were, so the second run says nothing about them.
  const uncaught = first.uncaught === 0 ? [] : [`${project}: ${first.uncaught} errors that no test caught, see above`]
  return { passed, failed: failed + uncaught.length, remarks: [...remarks, ...uncaught, ...told] }
}

/** Counts a report. @param status of the vitest process, null when a signal ended it */
export function outcomeOf(project: string, report: VitestReport, status: number | null): Outcome {
  const remarks: string[] = []
  let passed = 0
  let failed = 0
  for (const file of report.testResults) {
    const statuses = file.assertionResults.map((test) => test.status)
    passed += statuses.filter((value) => value === 'passed').length
    failed += statuses.filter((value) => value === 'failed').length
    for (const test of file.assertionResults)
      if (test.status === 'failed') {
        remarks.push(`${project}: failed: ${test.fullName}${messageStarts(test.failureMessages ?? [])}`)
      } else if (test.status !== 'passed') {
        failed += 1
        remarks.push(`${project}: did not run: ${test.fullName}`)
      }
    if (file.status === 'failed' && !statuses.includes('failed')) {
      failed += 1
      remarks.push(`${project}: ${file.name} failed outside its tests`)
    }
  }
  if (passed + failed === 0) return oneFailed(`${project}: ran no test`)
  if (status !== 0 && failed === 0) {
    failed += 1
    remarks.push(
      `${project}: vitest ended with ${status === null ? 'a signal' : `status ${status}`}, see its errors above`,
    )
  }
  return { passed, failed, remarks }
}

/** Enough of each error to see what went wrong without scrolling up through all suites. */
function messageStarts(messages: readonly string[]): string {
  return messages.map((message) => `\n     ${message.split('\n').slice(0, 12).join('\n     ')}`).join('')
}
