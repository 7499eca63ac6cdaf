/** What can keep an agent from starting. */
import { type ErrorOptions, MillraceError } from '../core/errors.ts'

/** The data directory cannot be used by this account. */
export class DataDirectoryError extends MillraceError {
  readonly code = 'AGENT_DATA_DIRECTORY'
  readonly remedy = 'operator'
}

/** Another agent runs with the same data directory. */
export class DataDirectoryInUseError extends MillraceError {
  readonly code = 'AGENT_DATA_DIRECTORY_IN_USE'
  readonly remedy = 'operator'

  constructor(directory: string, pid: number, options: ErrorOptions = {}) {
    super(
      `data directory ${directory} is in use by the agent with process id ${pid}; stop that agent, or give this one another --data-dir`,
      options,
    )
  }
}

/** An API's port is taken. */
export class PortTakenError extends MillraceError {
  readonly code = 'AGENT_PORT_TAKEN'
  readonly remedy = 'operator'

  constructor(flag: string, address: string, options: ErrorOptions = {}) {
    super(
      `cannot listen on ${address}: another program uses it; stop that program or choose another address with ${flag}`,
      options,
    )
  }
}

/** An API's address cannot be listened on for another reason. */
export class ListenError extends MillraceError {
  readonly code = 'AGENT_LISTEN'
  readonly remedy = 'operator'
}

/** An API would answer beyond this machine without asking who calls. */
export class ExposedError extends MillraceError {
  readonly code = 'AGENT_EXPOSED'
  readonly remedy = 'operator'
}

/** The file of `--api-token-file` holds no usable token. */
export class ApiTokenError extends MillraceError {
  readonly code = 'AGENT_API_TOKEN'
  readonly remedy = 'operator'
}

/** Two flags name one port. */
export class SamePortError extends MillraceError {
  readonly code = 'AGENT_SAME_PORT'
  readonly remedy = 'operator'

  constructor(flags: readonly [string, string], address: string) {
    super(`${flags[0]} and ${flags[1]} both name ${address}; give each a port of its own`)
  }
}
