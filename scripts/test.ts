/**
 * `npm test`: sets up what is missing, runs every suite, and ends with the line `N passed, N failed`.
 *
 *     npm test                       all that belongs to every change
 *     npm test -- --suite NAME       one suite: lint, types, walls, unit, servers, e2e, crash,
 *                                     cluster, browser, bench, faults, soak
 */
import { parseArgs } from 'node:util'
import type { Outcome } from './gates/outcome.ts'
import { type Suite, suites } from './gates/suites.ts'
import { exitWithFailure, SetupError } from './setup/failure.ts'
import { setUp } from './setup/run.ts'

interface SuiteOutcome extends Outcome {
  /** One line: its name, counts and time against its budget. */
  readonly line: string
}

try {
  const chosen = chosenSuites()
  await setUp(...chosen.map((suite) => suite.extent))
  const outcomes: SuiteOutcome[] = []
  for (const suite of chosen) outcomes.push(await runSuite(suite))
  const failed = summarise(outcomes)
  process.exit(failed === 0 ? 0 : 1)
} catch (error) {
  exitWithFailure('test', error)
}

function chosenSuites(): readonly Suite[] {
  const { values } = parseArgs({ options: { suite: { type: 'string' } } })
  if (values.suite === undefined) return suites.filter((suite) => suite.always)
  const found = suites.filter((suite) => suite.name === values.suite)
  if (found.length > 0) return found
  throw new SetupError(`no suite '${values.suite}'\n  cure: one of ${suites.map((suite) => suite.name).join(', ')}`)
}

async function runSuite(suite: Suite): Promise<SuiteOutcome> {
  say(`\n== ${suite.name}`)
  const startedAt = performance.now()
  const outcome = await suite.run(suite.budgetSeconds * 4 * 1_000)
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  const late = seconds > suite.budgetSeconds ? ' (warning: over its budget)' : ''
  const line = `== ${suite.name}: ${outcome.passed} passed, ${outcome.failed} failed, ${seconds} s of ${suite.budgetSeconds} s${late}`
  say(line)
  return { ...outcome, line }
}

/** Prints each suite's line again, all that failed, and the counts last of all. @returns how many failed */
function summarise(outcomes: readonly SuiteOutcome[]): number {
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0)
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0)
  say('')
  for (const { line } of outcomes) say(line)
  for (const remark of outcomes.flatMap((outcome) => outcome.remarks)) say(`!! ${remark}`)
  say(`${passed} passed, ${failed} failed`)
  return failed
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
