/** What can be wrong with a frame. */
import { MillraceError } from '../../core/errors.ts'

/** A frame's bytes are not what its format promises. */
export class MalformedFrameError extends MillraceError {
  readonly code = 'REPL_FRAME_MALFORMED'
  readonly remedy = 'bug'
}

/** The frame was written by another version of Millrace in a format this one does not know. */
export class FrameVersionError extends MillraceError {
  readonly code = 'REPL_FRAME_VERSION'
  readonly remedy = 'operator'
}
