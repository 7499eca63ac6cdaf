/**
 * `npm run screenshots`: the pictures of README.md, taken anew into docs/images from a cluster that works for some minutes.
 *
 *     npm run screenshots -- --minutes 2   waits less before, so that less has happened
 */
import { parseArgs } from 'node:util'
import { exitWithFailure } from './setup/failure.ts'
import { setUp } from './setup/run.ts'

try {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '8' } } })
  await setUp('browser')
  // Not before: it needs the packages that the set-up installs.
  const { takeScreenshots } = await import('./screenshots/run.ts')
  await takeScreenshots(Number(values.minutes) * 60_000)
} catch (error) {
  exitWithFailure('screenshots', error)
}
