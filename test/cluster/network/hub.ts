/** The test's own side of the hub: connections into the test's network, and orders to the proxies there. */
import { type ChildProcess, spawn } from 'node:child_process'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { eventually } from '../../harness/eventually.ts'
import type { TempDir } from '../../harness/temp-dir.ts'
import { tempDir } from '../../harness/temp-dir.ts'
import type { HubOrder } from './hub-main.ts'

export interface HttpReply {
  readonly status: number
  readonly text: string
  /** The parsed body, or undefined when it is empty or not JSON. */
  readonly json: unknown
}

export interface HttpOrder {
  readonly host: string
  readonly port: number
  readonly method: string
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly withinMs?: number
}

export class Hub implements AsyncDisposable {
  readonly #folder: TempDir
  readonly #child: ChildProcess
  readonly #path: string

  private constructor(folder: TempDir, child: ChildProcess, path: string) {
    this.#folder = folder
    this.#child = child
    this.#path = path
  }

  /** @param prefix the command that enters the network, before the program; empty to stay where the test is */
  static async open(prefix: readonly string[]): Promise<Hub> {
    const folder = await tempDir('mr-hub-')
    const path = join(folder.path, 's')
    const [command = process.execPath, ...args] = [
      ...prefix,
      process.execPath,
      join(import.meta.dirname, 'hub-main.ts'),
      path,
    ]
    const child = spawn(command, args, { stdio: ['pipe', 'inherit', 'inherit'] })
    const hub = new Hub(folder, child, path)
    await eventually(() => hub.#answers(), 15_000, 'the hub of the test network')
    return hub
  }

  /** A connection into the network, as if from the hub's own machine. */
  connect(host: string, port: number): Socket {
    const socket = connect(this.#path)
    socket.setNoDelay(true)
    socket.write(`${JSON.stringify({ connect: { host, port } } satisfies HubOrder)}\n`)
    return socket
  }

  order(order: HubOrder): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#path)
      let text = ''
      socket.setEncoding('utf8')
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('error', reject)
      socket.on('close', () => {
        const answer = JSON.parse(text === '' ? '{"error":"no answer"}' : text) as { readonly error?: string }
        if (answer.error === undefined) resolve()
        else reject(new Error(`the hub refused: ${answer.error}`))
      })
      socket.write(`${JSON.stringify(order)}\n`)
    })
  }

  /** @throws Error when there is no answer in time: what was asked for may have happened or not */
  http({ host, port, method, path, body, withinMs = 10_000 }: HttpOrder): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const agent = new Agent({ keepAlive: false })
      agent.createConnection = () => this.connect(host, port)
      const headers = text === undefined ? {} : { 'content-type': 'application/json' }
      const sent = request({ host, port, method, path, headers, agent, signal: AbortSignal.timeout(withinMs) })
      sent.on('error', reject)
      sent.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const reply = Buffer.concat(chunks).toString('utf8')
          resolve({ status: response.statusCode ?? 0, text: reply, json: parsed(reply) })
        })
      })
      sent.end(text)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await gone
    await this.#folder[Symbol.asyncDispose]()
  }

  #answers(): Promise<true> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#path)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
    })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
