/** Addresses to listen on, `host:port`, with the brackets that an IPv6 address needs. */
import { NatsListenError } from './errors.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** @throws NatsListenError when `text` is not `host:port` */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2] ?? Number.NaN)
  if (match?.[1] === undefined || !(port >= 1 && port <= 65_535))
    throw new NatsListenError(
      `"${text}" is no address to listen on; write --nats-addr as host:port, for example 127.0.0.1:8193`,
    )
  return { host: match[1].replace(/^\[|\]$/g, ''), port }
}

export function formatAddress(address: ListenAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

/** A server that listens on every address is reached on this machine's own. */
export function dialAddress(listen: ListenAddress): ListenAddress {
  if (listen.host === '0.0.0.0') return { host: '127.0.0.1', port: listen.port }
  return listen.host === '::' ? { host: '::1', port: listen.port } : listen
}
