/**
 * The one process of the test that lives in the middle of its network: it carries the test's own connections into it,
 * and is the proxy before the NATS servers where there is one.
 *
 * Started with the path of a Unix socket (which is a file, so every namespace reaches it). Each connection begins with
 * one line of JSON: `{"connect": {host, port}}`, and is then a connection to there; or an order to the proxies, answered
 * by `{}` or `{"error"}`.
 */
import { connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { ProxyLinks } from './proxy-links.ts'

export interface ProxyRule {
  readonly machine: string
  readonly rule: 'pass' | 'cut' | 'cut-from' | 'cut-to'
  readonly delayMs: number
}

export type HubOrder =
  | { readonly connect: { readonly host: string; readonly port: number } }
  | {
      readonly proxy: {
        readonly machine: string
        readonly listen: string
        readonly to: string
        readonly ports: readonly number[]
      }
    }
  | { readonly rule: ProxyRule }

const [socketPath = ''] = process.argv.slice(2)
const links = new ProxyLinks()

createServer((socket) => {
  socket.on('error', () => {})
  readFirstLine(socket, (line, rest) => void obey(JSON.parse(line) as HubOrder, socket, rest))
}).listen(socketPath)

// Its standard input ends with the test, however that ends.
createInterface({ input: process.stdin }).on('close', () => process.exit(0))

function readFirstLine(socket: Socket, take: (line: string, rest: Buffer) => void): void {
  let seen = Buffer.alloc(0)
  const onData = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk])
    const end = seen.indexOf(10)
    if (end < 0) return
    socket.off('data', onData)
    socket.pause()
    take(seen.subarray(0, end).toString('utf8'), seen.subarray(end + 1))
  }
  socket.on('data', onData)
}

async function obey(order: HubOrder, socket: Socket, rest: Buffer): Promise<void> {
  if ('connect' in order) return carry(order.connect, socket, rest)
  try {
    if ('proxy' in order) await links.open(order.proxy)
    else links.setRule(order.rule)
    socket.end('{}\n')
  } catch (error) {
    socket.end(`${JSON.stringify({ error: String(error) })}\n`)
  }
}

function carry(to: { readonly host: string; readonly port: number }, near: Socket, rest: Buffer): void {
  const far = connect(to.port, to.host)
  far.setNoDelay(true)
  if (rest.length > 0) far.write(rest)
  near.pipe(far)
  far.pipe(near)
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
  near.resume()
}
