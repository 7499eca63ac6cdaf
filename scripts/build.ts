/** `npm run build`: only the build of `dist/`, and the packages that it needs. */
import { buildStep } from './setup/build.ts'
import { exitWithFailure } from './setup/failure.ts'
import { nodePackagesStep } from './setup/node-packages.ts'
import { runSteps } from './setup/run.ts'

try {
  await runSteps([nodePackagesStep, buildStep])
} catch (error) {
  exitWithFailure('build', error)
}
