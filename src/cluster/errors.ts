/** What can keep a node out of the cluster. */
import { type ErrorOptions, MillraceError } from '../core/errors.ts'

/** Another live node has the same name. */
export class NodeNameTakenError extends MillraceError {
  readonly code = 'NODE_NAME_TAKEN'
  readonly remedy = 'operator'

  constructor(nodeName: string, otherNodeId: string, otherAddress: string, options: ErrorOptions = {}) {
    super(
      `node name "${nodeName}" is in use by node ${otherNodeId} at ${otherAddress}; start this node with another --node-name`,
      options,
    )
  }
}
