/** What can keep a node out of the cluster. */
import { type ErrorOptions, MillraceError } from '../core/errors.ts'

/** Another live node has the same name. */
export class NodeNameTakenError extends MillraceError {
  readonly code = 'NODE_NAME_TAKEN'
  readonly remedy = 'operator'

  /** @param otherAddress null when it is not known */
  constructor(nodeName: string, otherNodeId: string, otherAddress: string | null, options: ErrorOptions = {}) {
    const other = otherAddress === null ? otherNodeId : `${otherNodeId} at ${otherAddress}`
    super(`node name "${nodeName}" is in use by node ${other}; start this node with another --node-name`, options)
  }
}
