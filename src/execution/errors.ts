/** What can go wrong between an agent and its runner. */
import { MillraceError } from '../core/errors.ts'

/** The runner is not there now: it is being started, or its start fails. Nothing was lost; asking again helps. */
export class RunnerUnavailableError extends MillraceError {
  readonly code = 'RUNNER_UNAVAILABLE'
  readonly remedy = 'retry'
}

/** The runner is there and could not do what it was asked, for example because the disk is full. */
export class RunnerRefusedError extends MillraceError {
  readonly code = 'RUNNER_REFUSED'
  readonly remedy = 'operator'
}

/** A runner of another version of this program runs here and still has commands. */
export class RunnerVersionError extends MillraceError {
  readonly code = 'RUNNER_VERSION'
  readonly remedy = 'operator'

  constructor(found: number, wanted: number, pid: number) {
    super(
      `the runner with pid ${pid} speaks version ${found} and this agent speaks ${wanted}; ` +
        'wait until its commands have ended, or end it with SIGTERM, which stops them',
      { details: { found, wanted, pid } },
    )
  }
}
