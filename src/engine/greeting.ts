/**
 * Asks whether the server at an address knows our secret, with the five lines of the NATS protocol that it takes.
 *
 * A socket of our own rather than a NATS client: this question is asked of programs that may not be NATS at all.
 * Easy to get wrong: with TLS the server's first line still comes in the clear; all others follow the handshake.
 * Source: docs.nats.io, Client Protocol (INFO, CONNECT, PING, PONG, -ERR).
 */
import { connect, type Socket } from 'node:net'
import { connect as secure } from 'node:tls'
import type { ListenAddress } from './listen-address.ts'
import type { Credentials } from './server-config.ts'

const timeoutMs = 2_000

/** The texts of a node's certificate files, PEM. */
export interface TlsIdentity {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/**
 * @param tls for a server that asks for TLS; its name is not checked: this is asked of our own process
 * @returns false for refused, silent, unknown to us, or not NATS; never throws
 */
export function greets(address: ListenAddress, credentials: Credentials, tls: TlsIdentity | null): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address.port, address.host)
    let current = socket
    const settle = (answer: boolean) => {
      current.destroy()
      socket.destroy()
      resolve(answer)
    }
    watch(socket, settle)
    socket.setTimeout(timeoutMs, () => settle(false))
    readUntil(socket, /^INFO [^\r]*\r\n/, (info) => {
      if (info === null) return settle(false)
      if (/"tls_required":\s*true/.test(info)) {
        if (tls === null) return settle(false)
        current = secure({ socket, ...tls, checkServerIdentity: () => undefined })
        watch(current, settle)
      }
      ask(current, credentials, settle)
    })
  })
}

function ask(socket: Socket, { user, password }: Credentials, settle: (answer: boolean) => void): void {
  const options = { verbose: false, pedantic: false, user, pass: password, lang: 'millrace', version: '1' }
  readUntil(socket, /^(?:INFO [^\r]*\r\n)*PONG\r\n/, (pong) => settle(pong !== null))
  socket.write(`CONNECT ${JSON.stringify(options)}\r\nPING\r\n`)
}

function watch(socket: Socket, settle: (answer: boolean) => void): void {
  socket.once('error', () => settle(false))
  socket.once('close', () => settle(false))
}

/** Calls back once: with the text that matches, or null when what came can never match. */
function readUntil(socket: Socket, wanted: RegExp, found: (text: string | null) => void): void {
  let received = ''
  const take = (bytes: Buffer) => {
    received += bytes.toString('latin1')
    const match = wanted.exec(received)
    const isForeign = !received.startsWith('INFO '.slice(0, received.length)) && !received.startsWith('PO')
    if (match === null && !isForeign) return
    socket.off('data', take)
    found(match?.[0] ?? null)
  }
  socket.on('data', take)
}
