/** One order for each of several names; one that fails does not keep the others from being carried out. */
import { messageOf } from '../core/errors.ts'
import type { Printed } from './printed.ts'
import type { Screen } from './screen.ts'
import { printableLines } from './table.ts'

export interface Done {
  /** What people are told. */
  readonly text: string
  /** The agent's answer, as JSON. */
  readonly json: string
}

/**
 * @returns lines, or with `isJson` an array of the answers; the failures go to standard error, and make the exit status 1
 * @throws the failure itself where there is one name
 */
export async function forEachName(
  names: readonly string[],
  { isJson, screen }: { readonly isJson: boolean; readonly screen: Pick<Screen, 'printError'> },
  act: (name: string) => Promise<Done>,
): Promise<Printed> {
  const done: Done[] = []
  let failed = 0
  for (const name of new Set(names)) {
    try {
      done.push(await act(name))
    } catch (error) {
      if (names.length === 1) throw error
      failed += 1
      screen.printError(printableLines(`millrace: ${messageOf(error)}`))
    }
  }
  const text = isJson ? `[${done.map(({ json }) => json).join(',\n')}]` : done.map((one) => one.text).join('\n')
  return { text, exitStatus: failed === 0 ? 0 : 1 }
}
