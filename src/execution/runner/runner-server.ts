/**
 * The runner's socket: requests in, answers and events out.
 *
 * Easy to get wrong: whoever can connect can run commands, so the socket's mode is 0600 in a folder of 0700. Its
 * path goes through /proc/self/fd, since a socket's path may only have 107 bytes (unix(7)). Events wait a little and go
 * together: what the agent does with them, it would do while the next commands are being started. An answer never overtakes
 * an event.
 */
import { chmodSync, closeSync, constants, openSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { encodeMessage, MessageReader } from './frame-codec.ts'
import {
  type Answer,
  type Hello,
  type Message,
  type Request,
  type RunnerEvent,
  type RunnerMethods,
  socketName,
} from './protocol.ts'
import type { Runner } from './runner.ts'

const longestBacklogBytes = 67_108_864
/** As long as it takes to start some ten commands. */
const gatherEventsMs = 20

export interface RunnerServerOptions {
  readonly dir: string
  readonly runner: Runner
  readonly log: Log
  /** The agent said what time it is. */
  readonly onTime: (at: number) => void
  /** An agent asked to end, and nothing runs. */
  readonly onShutdown: () => void
}

export class RunnerServer {
  readonly #options: RunnerServerOptions
  readonly #server: Server
  readonly #connections = new Set<Socket>()
  #folder = -1
  /** Not told yet. */
  #events: RunnerEvent[] = []

  constructor(options: RunnerServerOptions) {
    this.#options = options
    this.#server = createServer((connection) => this.#serve(connection))
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Only after the runner's lock was taken: a socket that lies there is a dead runner's. */
  async listen(): Promise<void> {
    const { dir } = this.#options
    this.#folder = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY)
    rmSync(join(dir, socketName), { force: true })
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(`/proc/self/fd/${this.#folder}/${socketName}`, resolve)
    })
    chmodSync(join(dir, socketName), 0o600)
  }

  broadcast(event: RunnerEvent): void {
    if (this.#connections.size === 0) return
    if (this.#events.length === 0) setTimeout(() => this.#tellEvents(), gatherEventsMs)
    // One is enough, but it comes after the start of each execution that it is about.
    if (event.event === 'results') this.#events = this.#events.filter((earlier) => earlier.event !== 'results')
    this.#events.push(event)
  }

  close(): void {
    for (const connection of this.#connections) connection.destroy()
    this.#server.close()
    if (this.#folder >= 0) closeSync(this.#folder)
  }

  #tellEvents(): void {
    if (this.#events.length === 0) return
    const frames = Buffer.concat(this.#events.map(encodeMessage))
    this.#events = []
    for (const connection of this.#connections) {
      // An agent that reads no more asks again when it is back.
      if (connection.writableLength > longestBacklogBytes) connection.destroy()
      else connection.write(frames)
    }
  }

  #serve(connection: Socket): void {
    this.#tellEvents()
    const reader = new MessageReader()
    this.#connections.add(connection)
    connection.on('close', () => this.#connections.delete(connection))
    connection.on('error', () => connection.destroy())
    connection.on('data', (chunk) => {
      try {
        for (const message of reader.push(chunk)) this.#receive(connection, message)
      } catch (error) {
        this.#options.log.error({ err: messageOf(error) }, 'connection ended: what came is no message')
        connection.destroy()
      }
    })
  }

  #receive(connection: Socket, message: Message): void {
    if (!('method' in message)) return
    const { id, at } = message
    if (at !== undefined) this.#options.onTime(at)
    const tell = (answer: Answer) => {
      this.#tellEvents()
      connection.write(encodeMessage(answer))
    }
    this.#answer(message).then(
      (answer) => tell({ id, answer }),
      (error) => tell({ id, error: messageOf(error) }),
    )
  }

  async #answer({ method, params }: Request): Promise<unknown> {
    const { runner } = this.#options
    switch (method) {
      case 'hello':
        return runner.hello(params as Hello)
      case 'start':
        await runner.start((params as RunnerMethods['start']['params']).orders)
        return null
      case 'running': {
        const { jobName = null, outputBytes } = (params ?? {}) as Partial<RunnerMethods['running']['params']>
        return { executions: runner.running(jobName, outputBytes) }
      }
      case 'output': {
        const { key, fromOffset, limitBytes } = params as RunnerMethods['output']['params']
        return runner.output(key, fromOffset, limitBytes)
      }
      case 'states':
        return { states: runner.states((params as RunnerMethods['states']['params']).keys) }
      case 'stop':
        return { wasRunning: runner.stop((params as RunnerMethods['stop']['params']).key) }
      case 'results': {
        const { afterSequence, count, bytes } = params as RunnerMethods['results']['params']
        return { results: await runner.results(afterSequence, count, bytes) }
      }
      case 'delivered':
        await runner.delivered((params as RunnerMethods['delivered']['params']).keys)
        return null
      case 'stats':
        return runner.stats()
      case 'shutdown':
        return this.#shutdown()
      default:
        throw new Error(`there is no method '${String(method satisfies never)}'`)
    }
  }

  #shutdown(): { willEnd: boolean } {
    const willEnd = this.#options.runner.isIdle
    // After the answer has been written.
    if (willEnd) setImmediate(this.#options.onShutdown)
    return { willEnd }
  }
}
