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

/** --cluster-token-file cannot be read, holds no token, or names another one than this node's cluster has. */
export class ClusterTokenError extends MillraceError {
  readonly code = 'CLUSTER_TOKEN'
  readonly remedy = 'operator'
}

/** What the data directory knows of its cluster cannot be read, or was written by a newer program. */
export class ClusterRecordError extends MillraceError {
  readonly code = 'CLUSTER_RECORD'
  readonly remedy = 'operator'
}

/** The data directory belongs to one cluster, and the NATS that was reached to another. */
export class ClusterMismatchError extends MillraceError {
  readonly code = 'CLUSTER_MISMATCH'
  readonly remedy = 'operator'

  constructor(dataDir: string, ownId: string, where: string, otherId: string, options: ErrorOptions = {}) {
    super(
      `data directory ${dataDir} belongs to cluster ${ownId}, but NATS at ${where} holds cluster ${otherId}; two clusters ` +
        'never merge: correct --join or --nats, or start with an empty --data-dir to move this node to the other cluster',
      options,
    )
  }
}

/** The cluster's records have a format that this program does not know. */
export class ClusterFormatError extends MillraceError {
  readonly code = 'CLUSTER_FORMAT'
  readonly remedy = 'operator'

  constructor(found: number, known: number, where: string, options: ErrorOptions = {}) {
    super(
      `the cluster at ${where} keeps its records in format ${found}, and this program knows formats up to ${known}; upgrade this node`,
      options,
    )
  }
}

/** What --join, --advertise, --nats-route-addr or the TLS files say cannot be used. */
export class ClusterSettingsError extends MillraceError {
  readonly code = 'CLUSTER_SETTINGS'
  readonly remedy = 'fix-request'
}

/** A step of forming the cluster failed; the attempt is void and is made again. */
export class FormingError extends MillraceError {
  readonly code = 'CLUSTER_FORMING'
  readonly remedy = 'retry'
}
