/**
 * `npm run build`: only the build of `dist/`, and the packages that it needs. `npm run build:web`: only the page in it,
 * which is all that an agent run from its sources lacks.
 */
import { parseArgs } from 'node:util'
import { buildStep } from './setup/build.ts'
import { buildWebStep } from './setup/build-web.ts'
import { exitWithFailure } from './setup/failure.ts'
import { nodePackagesStep } from './setup/node-packages.ts'
import { runSteps } from './setup/run.ts'

try {
  const { values } = parseArgs({ options: { web: { type: 'boolean' } } })
  await runSteps([nodePackagesStep, ...(values.web === true ? [] : [buildStep]), buildWebStep])
} catch (error) {
  exitWithFailure('build', error)
}
