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

/**
 * Runs the tests of a vitest project, showing them, and counts.
 *
 * @param filesAtOnce how many of its files run beside each other; null for the project's own setting
 */
export async function vitestGate(project: string, limitMs: number, filesAtOnce: number | null): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'mr-report-'))
  try {
    const reportPath = join(folder, 'report.json')
    const args = [
      'run',
      '--project',
      project,
      '--reporter=default',
      // Each line of a long test is shown as it was written, not under a heading of its own.
      '--disable-console-intercept',
      '--reporter=json',
      `--outputFile.json=${reportPath}`,
      ...(filesAtOnce === null ? [] : ['--fileParallelism', `--maxWorkers=${filesAtOnce}`]),
    ]
    const status = await runShown(join(projectRoot, 'node_modules/.bin/vitest'), args, limitMs)
    const text = await readFile(reportPath, 'utf8').catch(() => null)
    if (text === null) return oneFailed(`${project}: vitest left no report (no test files, or it ended too early)`)
    return outcomeOf(project, JSON.parse(text) as VitestReport, status)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
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
