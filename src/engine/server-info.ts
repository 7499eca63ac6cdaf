/**
 * What a NATS server says of itself before it asks who we are: the one line that comes in the clear, even with TLS.
 * Source: docs.nats.io, Client Protocol (INFO).
 */
import { connect } from 'node:net'

export type ServerInfo =
  | {
      readonly kind: 'nats'
      readonly serverName: string
      /** Empty for a server on its own. */
      readonly clusterName: string
      readonly usesTls: boolean
    }
  /** Nothing listens, or nothing answers; `why` in a few words. */
  | { readonly kind: 'silent'; readonly why: string }
  /** Something answers that is not NATS. */
  | { readonly kind: 'foreign' }

const whyOf: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name cannot be resolved now',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
}

/** Never throws. @param address `host:port` */
export function readServerInfo(address: string, withinMs: number): Promise<ServerInfo> {
  return new Promise((resolve) => {
    let received = ''
    const { hostname, port } = new URL(`nats://${address}`)
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
    const limit = setTimeout(() => settle({ kind: 'silent', why: 'it does not answer' }), withinMs)
    const settle = (info: ServerInfo) => {
      clearTimeout(limit)
      socket.destroy()
      resolve(info)
    }
    socket.once('error', (error: NodeJS.ErrnoException) =>
      settle({ kind: 'silent', why: whyOf[error.code ?? ''] ?? error.message }),
    )
    socket.once('close', () => settle({ kind: 'silent', why: 'it closed the connection' }))
    socket.on('data', (bytes) => {
      received += bytes.toString('utf8')
      if (!received.startsWith('INFO '.slice(0, received.length))) settle({ kind: 'foreign' })
      else if (received.includes('\r\n')) settle(parseInfo(received))
    })
  })
}

function parseInfo(received: string): ServerInfo {
  try {
    const info = JSON.parse(received.slice('INFO '.length, received.indexOf('\r\n'))) as Record<string, unknown>
    return {
      kind: 'nats',
      serverName: typeof info.server_name === 'string' ? info.server_name : '',
      clusterName: typeof info.cluster === 'string' ? info.cluster : '',
      usesTls: info.tls_required === true,
    }
  } catch {
    return { kind: 'foreign' }
  }
}
