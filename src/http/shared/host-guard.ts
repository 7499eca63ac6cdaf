/**
 * Keeps web pages that are not ours from driving the API of the machine they are looked at on.
 *
 * Easy to get wrong: checking `Origin` alone is not enough. A page whose own name has been pointed at 127.0.0.1 (DNS
 * rebinding) sends a matching Origin, or none for a GET; what gives it away is a `Host` that is not ours.
 */
import { isIP, isIPv4 } from 'node:net'
import { ForeignRequestError } from './errors.ts'

export interface GuardedHeaders {
  readonly host?: string | undefined
  readonly origin?: string | undefined
  readonly 'sec-fetch-site'?: string | readonly string[] | undefined
}

export interface HostGuardOptions {
  /** The address the API is bound to. With a wildcard (`0.0.0.0`, `::`) every address in digits is ours. */
  readonly boundAddress: string
  /** Further names of this machine, without port: the node's name, the configured names. */
  readonly names: readonly string[]
}

/**
 * @returns a check that throws ForeignRequestError for a request that must not be obeyed. A caller that has shown a token
 *   is no page that was lured here, so any Host will do: a name that only the caller's network knows, or a proxy's.
 */
export function hostGuard({
  boundAddress,
  names,
}: HostGuardOptions): (headers: GuardedHeaders, hasToken?: boolean) => void {
  const ours = new Set([bare(boundAddress), ...names.map(bare)])
  const isWildcard = ['0.0.0.0', '::', ''].includes(bare(boundAddress))
  const isOurs = (name: string) => isLoopback(name) || ours.has(name) || (isWildcard && isIP(name) !== 0)
  return ({ host, origin, 'sec-fetch-site': site }, hasToken = false) => {
    // No Host at all is HTTP/1.0; browsers have always sent one.
    if (host !== undefined && !hasToken) assertOwnHost(host, isOurs)
    if (site !== undefined && site !== 'same-origin' && site !== 'none')
      throw new ForeignRequestError('a web page of another site may not use this API')
    if (origin !== undefined && !isSameOrigin(origin, host))
      throw new ForeignRequestError('a web page of another origin may not use this API')
  }
}

function assertOwnHost(host: string, isOurs: (name: string) => boolean): void {
  const name = hostName(host)
  if (name === null || !isOurs(name))
    throw new ForeignRequestError(
      'the Host header names a machine that is not this one, use its address or configure the name',
    )
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'))
}

/** The name in a Host header, lower case, without port and brackets; null when it is not a host. */
function hostName(host: string): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]\\]+)(?::\d{1,5})?$/i.exec(host)
  return match?.[1] === undefined ? null : bare(match[1])
}

function bare(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}

/** A page may use the API only from the very host and port that it was loaded from. */
function isSameOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !/^https?:\/\//i.test(origin) || !URL.canParse(origin)) return false
  const { protocol, host: originHost } = new URL(origin)
  return URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === originHost
}
