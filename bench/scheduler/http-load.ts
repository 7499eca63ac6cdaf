/**
 * Load on an HTTP API over connections that stay open, each with one request under way.
 *
 * Node's own client costs more than the server it measures, so this one writes whole requests to sockets and looks at
 * no more of an answer than its status, its length and how it begins. Answers without a Content-Length are not understood.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Distribution } from '../distribution.ts'

export interface LoadRequest {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  /** What the answer's body must begin with; plain ASCII. */
  readonly answerStart?: string
}

export interface LoadOptions {
  readonly port: number
  readonly connections: number
  /** The next request, or null when there is no further. */
  readonly next: () => LoadRequest | null
  readonly wantedStatus: number
  /** Between an answer and the next request of a connection; by default none. */
  readonly pauseMs?: number
}

export interface LoadResult {
  readonly count: number
  readonly perSecond: number
  readonly latencyMs: Distribution
}

/** Sends what `next` gives until it gives null. @throws Error at the first answer with another status or beginning */
export async function httpLoad(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = []
  const startedAt = performance.now()
  const clients = Array.from({ length: options.connections }, () => runClient(options, latencies))
  await Promise.all(clients)
  const seconds = (performance.now() - startedAt) / 1_000
  return { count: latencies.length, perSecond: latencies.length / seconds, latencyMs: new Distribution(latencies) }
}

/** Gives the requests of `make` until `durationMs` have passed. */
export function during(durationMs: number, make: (index: number) => LoadRequest): () => LoadRequest | null {
  const endAt = performance.now() + durationMs
  let index = 0
  return () => (performance.now() < endAt ? make(index++) : null)
}

/** Gives each of `count` requests once. */
export function times(count: number, make: (index: number) => LoadRequest): () => LoadRequest | null {
  let index = 0
  return () => (index < count ? make(index++) : null)
}

async function runClient(options: LoadOptions, latencies: number[]): Promise<void> {
  const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true })
  try {
    const answers = new AnswerReader(socket)
    for (let request = options.next(); request !== null; request = options.next()) {
      const sentAt = performance.now()
      socket.write(encode(request))
      const { status, start } = await answers.next()
      latencies.push(performance.now() - sentAt)
      if (status !== options.wantedStatus) throw new Error(`${request.method} ${request.path} answered ${status}`)
      if (!start.startsWith(request.answerStart ?? ''))
        throw new Error(`${request.path} answered another body: ${start}`)
      if (options.pauseMs !== undefined) await sleep(options.pauseMs)
    }
  } finally {
    socket.destroy()
  }
}

function encode({ method, path, body }: LoadRequest): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n`
  if (body === undefined) return `${head}\r\n`
  const text = JSON.stringify(body)
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
}

interface Answer {
  readonly status: number
  /** Of its body, as much as came with its head. */
  readonly start: string
}

/** The answers on one connection, in order. */
class AnswerReader {
  #head = ''
  #bodyLeft = 0
  #answer: Answer = { status: 0, start: '' }
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | null = null

  constructor(socket: Socket) {
    const fail = (error?: Error) => this.#waiting?.reject(error ?? new Error('the connection was closed'))
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', fail)
    socket.on('close', () => fail())
  }

  next(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  #take(chunk: Buffer): void {
    if (this.#bodyLeft > 0) this.#bodyLeft -= chunk.length
    else {
      this.#head += chunk.toString('latin1')
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      this.#answer = { status: Number(this.#head.slice(9, 12)), start: this.#head.slice(end + 4) }
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#head)?.[1] ?? Number.NaN)
      this.#bodyLeft = length - (this.#head.length - end - 4)
      this.#head = ''
    }
    if (this.#bodyLeft === 0) this.#waiting?.resolve(this.#answer)
    else if (!(this.#bodyLeft > 0)) this.#waiting?.reject(new Error('an answer could not be understood'))
  }
}
