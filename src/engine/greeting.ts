/**
 * Asks whether the server at an address knows our secret, with the five lines of the NATS protocol that it takes.
 *
 * A socket of our own rather than a NATS client: this question is asked of programs that may not be NATS at all.
 * Source: docs.nats.io, Client Protocol (INFO, CONNECT, PING, PONG, -ERR).
 */
import { connect } from 'node:net'
import type { Credentials, ListenAddress } from './server-config.ts'

const timeoutMs = 2_000

/** @returns false for refused, silent, unknown to us, or not NATS; never throws */
export function greets(address: ListenAddress, credentials: Credentials): Promise<boolean> {
  return new Promise((resolve) => {
    let received = ''
    let hasAsked = false
    const socket = connect(address.port, address.host)
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(timeoutMs, () => settle(false))
    socket.once('error', () => settle(false))
    socket.once('close', () => settle(false))
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1')
      if (/^-ERR/m.test(received) || !received.startsWith('INFO ')) settle(false)
      else if (/^PONG\r\n/m.test(received)) settle(true)
      else if (!hasAsked && received.includes('\r\n')) {
        hasAsked = true
        const { user, password } = credentials
        const options = { verbose: false, pedantic: false, user, pass: password, lang: 'millrace', version: '1' }
        socket.write(`CONNECT ${JSON.stringify(options)}\r\nPING\r\n`)
      }
    })
  })
}
