/** What can go wrong between us and NATS, in the words of the person who must act. */
import { type ErrorOptions, MillraceError } from '../core/errors.ts'

/** The oldest server we accept: earlier 2.10 releases lose streams when the process is killed, 2.9 can't sync each write. */
export const oldestServerVersion = '2.10.23'

const installHint = `on Debian run 'npm run setup'; elsewhere install nats-server ${oldestServerVersion} or later and name it with --nats-server PATH`

/** No nats-server program was found. */
export class NatsMissingError extends MillraceError {
  readonly code = 'NATS_MISSING'
  readonly remedy = 'operator'

  constructor(lookedAt: readonly string[], options: ErrorOptions = {}) {
    super(`no nats-server program found (looked at ${lookedAt.join(', ')}); ${installHint}`, options)
  }
}

/** A nats-server was found or connected to, but it is too old to keep what it acknowledged. */
export class NatsTooOldError extends MillraceError {
  readonly code = 'NATS_TOO_OLD'
  readonly remedy = 'operator'

  constructor(foundVersion: string, where: string, options: ErrorOptions = {}) {
    super(
      `nats-server ${foundVersion} at ${where} is too old: Millrace needs ${oldestServerVersion} or later; ${installHint}`,
      options,
    )
  }
}

/** What --nats-server names cannot be run, or is no nats-server. */
export class NatsUnusableError extends MillraceError {
  readonly code = 'NATS_UNUSABLE'
  readonly remedy = 'operator'
}

/** The embedded server's address belongs to another program. */
export class NatsPortTakenError extends MillraceError {
  readonly code = 'NATS_PORT_TAKEN'
  readonly remedy = 'operator'

  constructor(address: string, flag: string, options: ErrorOptions = {}) {
    super(
      `the embedded NATS server cannot listen on ${address}: another program uses it; stop that program or choose another address with ${flag}`,
      options,
    )
  }
}

/** The embedded server's address is not one of this machine, or not ours to use. */
export class NatsListenError extends MillraceError {
  readonly code = 'NATS_LISTEN'
  readonly remedy = 'operator'
}

/** The embedded server ended, or did not answer, while it started. The message has the end of its log. */
export class NatsStartError extends MillraceError {
  readonly code = 'NATS_START'
  readonly remedy = 'operator'
}

/** The running embedded server did not take another configuration; it goes on with the one it has. */
export class NatsReloadError extends MillraceError {
  readonly code = 'NATS_RELOAD'
  readonly remedy = 'operator'
}

/** The folder for the embedded server's state cannot be written. */
export class NatsStoreError extends MillraceError {
  readonly code = 'NATS_STORE'
  readonly remedy = 'operator'
}

/** The NATS server refused our user, password or token. */
export class NatsAccessError extends MillraceError {
  readonly code = 'NATS_ACCESS'
  readonly remedy = 'operator'
}

/** What --nats-auth-file names cannot be read, or says nothing that NATS would understand. */
export class NatsAuthFileError extends MillraceError {
  readonly code = 'NATS_AUTH_FILE'
  readonly remedy = 'operator'
}

/** The NATS server's certificate is not to be believed, or it does not speak TLS where it must. */
export class NatsTlsError extends MillraceError {
  readonly code = 'NATS_TLS'
  readonly remedy = 'operator'
}

/** The NATS server has no JetStream, or not for our account. */
export class JetStreamDisabledError extends MillraceError {
  readonly code = 'NATS_NO_JETSTREAM'
  readonly remedy = 'operator'
}

/** A newer version of Millrace has laid out what is stored in NATS; this one would damage it. */
export class NewerFormatError extends MillraceError {
  readonly code = 'NATS_NEWER_FORMAT'
  readonly remedy = 'operator'

  constructor(stream: string, found: number, known: number, options: ErrorOptions = {}) {
    super(
      `stream ${stream} was laid out by a newer version of Millrace (format ${found}, this one knows ${known}); update this node before it joins`,
      options,
    )
  }
}

/** A stream that was copied to the servers of a growing cluster is not equal to the original. */
export class StoreTransferError extends MillraceError {
  readonly code = 'NATS_STORE_TRANSFER'
  readonly remedy = 'retry'
}

/** A limit of the server or of a stream was reached: nothing was stored. */
export class StreamFullError extends MillraceError {
  readonly code = 'NATS_STREAM_FULL'
  readonly remedy = 'retry'
}

/** A message is larger than the server takes. */
export class PayloadTooLargeError extends MillraceError {
  readonly code = 'NATS_PAYLOAD_TOO_LARGE'
  readonly remedy = 'fix-request'
}

/** The server answered with something that we do not understand. */
export class NatsProtocolError extends MillraceError {
  readonly code = 'NATS_PROTOCOL'
  readonly remedy = 'bug'
}

/** Another writer has taken over a frame stream; this one must stop. */
export class StaleWriterError extends MillraceError {
  readonly code = 'STALE_WRITER'
  readonly remedy = 'retry'
}

/** The stream no longer has frames that it had stored; the source task must begin again at the target's position. */
export class FramesLostError extends MillraceError {
  readonly code = 'FRAMES_LOST'
  readonly remedy = 'retry'
}

/** The other side of a call failed with an error that has no class of its own here. */
export class RemoteCallError extends MillraceError {
  readonly code = 'REMOTE_CALL'
  readonly remedy = 'retry'
  /** The code of the error on the other side, or `UNKNOWN`. */
  readonly remoteCode: string

  constructor(message: string, remoteCode: string, options: ErrorOptions = {}) {
    super(message, options)
    this.remoteCode = remoteCode
  }
}
