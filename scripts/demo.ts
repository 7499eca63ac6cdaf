/**
 * `npm run demo`: sets everything up by itself, then shows the main job on real servers.
 *
 *     npm run demo              leaves all running until Ctrl-C
 *     npm run demo -- --exit    ends by itself; status 0 only if every comparison held
 */
import { parseArgs } from 'node:util'
import { exitWithFailure } from './setup/failure.ts'
import { setUp } from './setup/run.ts'

try {
  const { values } = parseArgs({ options: { exit: { type: 'boolean' } } })
  await setUp('mariadb')
  // Not before: it needs the packages that the set-up installs.
  const { runDemo } = await import('./demo/run.ts')
  process.exitCode = (await runDemo({ endsByItself: values.exit === true })) ? 0 : 1
} catch (error) {
  exitWithFailure('demo', error)
}
