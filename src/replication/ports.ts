/**
 * What replication needs from outside: the pipe's stream and the handshake between the two tasks.
 * `engine` implements both on NATS; each task process wires its own.
 */

/** The writing end of a job's frame stream. One writer feeds a stream. */
export interface FrameSink {
  /**
   * Appends one frame of any size (split over messages where the server's limit asks for it); resolves when it is
   * stored. Frames are stored in the order of the calls; several may be under way. While the stream is full the
   * call waits: that is the back-pressure.
   * @throws StaleWriterError when another writer has taken over the stream
   */
  append(frame: Uint8Array): Promise<void>
  /** True: of a frame that is stored it keeps nothing, so that the next one may be made over it. */
  readonly givesFramesBack?: boolean
  /** Bytes of the largest frame that it takes; absent: of any size. */
  readonly largestFrameBytes?: number
  /** Bytes that the stream holds and nobody has released yet; absent: nobody can tell. @throws UnavailableError */
  readBacklogBytes?(): Promise<number>
  close(): Promise<void>
}

/** How much a stream holds before its writer has to wait. */
export interface FrameLimits {
  readonly bytes: number
  readonly messages: number
}

/** The reading end. */
export interface FrameSource {
  /** As the newest writer wants it, once its first frame is read; absent: as much as one likes. */
  readonly limits?: FrameLimits
  /** Every frame still held, oldest first, then live, until `signal` aborts; survives reconnects without a gap. */
  read(signal: AbortSignal): AsyncIterable<StoredFrame>
  /** Frames up to and including this one are no longer needed; cheap to call often. */
  release(frame: Pick<StoredFrame, 'sequence'>): void
  /** Nobody looks any more at the frame of which these bytes are: it may free them. It may still be told anew. */
  spent?(bytes: Uint8Array): void
  close(): Promise<void>
}

export interface StoredFrame {
  /** Position in the stream; only for `release`. */
  readonly sequence: number
  readonly payload: Uint8Array
}

/** Requests between the tasks of one job, and from the agent to a task; core NATS request and reply. */
export interface TaskLink {
  /** @throws UnavailableError when nobody answers within `timeoutMs` */
  request(subject: TaskSubject, payload: unknown, timeoutMs: number): Promise<unknown>
  /** Answers requests until `signal` aborts. What `answer` throws reaches the requester as an error text. */
  serve(subject: TaskSubject, answer: (payload: unknown) => Promise<unknown>, signal: AbortSignal): void
}

/** `resume`: the source task asks the target where to begin. `rewind`: the target asks the source to begin again. */
export type TaskSubject = 'resume' | 'rewind'
