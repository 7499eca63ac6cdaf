/** One connection to the runner: calls with answers, and events. */
import { closeSync, constants, openSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { messageOf } from '../core/errors.ts'
import { RunnerRefusedError, RunnerUnavailableError } from './errors.ts'
import { encodeMessage, MessageReader } from './runner/frame-codec.ts'
import { type Message, type RunnerEvent, type RunnerMethod, type RunnerMethods, socketName } from './runner/protocol.ts'

/** A runner that does not answer for that long is taken for gone. */
const answerLimitMs = 30_000

interface Call {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
  readonly timer: NodeJS.Timeout
}

export class RunnerConnection {
  readonly #socket: Socket
  readonly #calls = new Map<number, Call>()
  readonly #onEvent: (event: RunnerEvent) => void
  readonly #now: () => number
  #nextId = 1
  #isClosed = false
  /** Resolves when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>

  private constructor(socket: Socket, onEvent: (event: RunnerEvent) => void, now: () => number) {
    this.#socket = socket
    this.#now = now
    this.#onEvent = onEvent
    const reader = new MessageReader()
    socket.on('data', (chunk) => this.#receive(reader, chunk))
    socket.on('error', () => socket.destroy())
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#fail()
        resolve()
      })
    })
  }

  /** @param now the time that the runner is told @throws RunnerUnavailableError when nobody listens in this folder */
  static async open(dir: string, onEvent: (event: RunnerEvent) => void, now: () => number): Promise<RunnerConnection> {
    // Through a descriptor of the folder: a socket's own path may only have 107 bytes (unix(7)).
    const folder = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      const socket = connect(`/proc/self/fd/${folder}/${socketName}`)
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve)
        socket.once('error', reject)
      })
      return new RunnerConnection(socket, onEvent, now)
    } catch (error) {
      throw new RunnerUnavailableError(`no runner answers in ${dir}`, { cause: error })
    } finally {
      closeSync(folder)
    }
  }

  /** @throws RunnerRefusedError when it answers with an error, RunnerUnavailableError when it does not answer */
  call<Method extends RunnerMethod>(
    method: Method,
    params: RunnerMethods[Method]['params'],
  ): Promise<RunnerMethods[Method]['answer']> {
    if (this.#isClosed) return Promise.reject(goneError())
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#socket.destroy(), answerLimitMs)
      this.#calls.set(id, { resolve: resolve as (answer: unknown) => void, reject, timer })
      this.#socket.write(encodeMessage({ id, method, params, at: this.#now() }))
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(reader: MessageReader, chunk: Buffer): void {
    try {
      for (const message of reader.push(chunk)) this.#dispatch(message)
    } catch (error) {
      this.#socket.destroy(new Error(`the runner sent what is no message: ${messageOf(error)}`))
    }
  }

  #dispatch(message: Message): void {
    if ('event' in message) this.#onEvent(message)
    if (!('id' in message) || 'method' in message) return
    const call = this.#calls.get(message.id)
    if (call === undefined) return
    this.#calls.delete(message.id)
    clearTimeout(call.timer)
    if ('error' in message) call.reject(new RunnerRefusedError(`the runner refused: ${message.error}`))
    else call.resolve(message.answer)
  }

  #fail(): void {
    this.#isClosed = true
    for (const call of this.#calls.values()) {
      clearTimeout(call.timer)
      call.reject(goneError())
    }
    this.#calls.clear()
  }
}

function goneError(): RunnerUnavailableError {
  return new RunnerUnavailableError('the connection to the runner is gone, it is being made again')
}
