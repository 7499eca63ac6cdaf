/**
 * Where this node listens, and where the others reach it.
 *
 * Easy to get wrong: a wildcard address (0.0.0.0) is for listening only; what others are told is --advertise, else the
 * name of the host.
 */
import { hostname } from 'node:os'
import type { Address } from '../config/option-kind.ts'
import type { Settings } from '../config/options.ts'
import { ClusterSettingsError } from './errors.ts'

export interface NodeAddresses {
  /** Where the embedded server listens for agents. */
  readonly listen: string
  /** Where it listens for other servers. */
  readonly routeListen: string
  /** What others are told, each `host:port`. */
  readonly client: string
  readonly route: string
  readonly clientPort: number
  readonly routePort: number
  /** The host without port, for the APIs. */
  readonly host: string
}

type AddressSettings = Pick<Settings, 'nats-addr' | 'nats-route-addr' | 'advertise'>

/** @throws ClusterSettingsError */
export function nodeAddresses(settings: AddressSettings, hostName: string = hostname()): NodeAddresses {
  const own = settings['nats-addr']
  const route = routeAddress(settings)
  const host = advertisedHost(settings, own, hostName)
  return {
    listen: format(own),
    routeListen: format(route),
    client: format({ host, port: own.port }),
    route: format({ host, port: route.port }),
    clientPort: own.port,
    routePort: route.port,
    host,
  }
}

/** The address under which an API is reached by others. */
export function apiHost(settings: Pick<Settings, 'http-addr' | 'advertise'>, hostName: string = hostname()): string {
  const { host } = settings['http-addr']
  if (!isWildcard(host)) return host
  return settings.advertise === '' ? hostName : settings.advertise
}

/** What a user may have written for this node's own server in --join. */
export function ownAddresses(settings: AddressSettings): readonly string[] {
  const { host, port } = settings['nats-addr']
  const isHere = isWildcard(host) || isLoopback(host)
  const names = isHere ? ['127.0.0.1', 'localhost', '[::1]'] : []
  const hosts = isWildcard(host) ? [hostname()] : []
  return [
    format({ host, port }),
    nodeAddresses(settings).client,
    ...[...names, ...hosts].map((name) => `${name}:${port}`),
  ]
}

/** Each as `host:port`. @throws ClusterSettingsError */
export function joinAddresses(join: readonly string[]): readonly string[] {
  return join.map((text) => {
    const match = /^(?:nats:\/\/)?((?:\[[0-9a-fA-F:.]+\]|[^:/@\s]+):(\d{1,5}))$/.exec(text)
    const port = Number(match?.[2])
    if (match?.[1] !== undefined && port >= 1 && port <= 65_535) return match[1]
    throw new ClusterSettingsError(
      `--join: "${text}" is no NATS address of an agent; write HOST:PORT, for example 10.0.0.1:8193`,
    )
  })
}

export function format({ host, port }: Address): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
}

/** True where a server at `host` serves its own machine only while all the others, `host:port`, are beyond it. */
export function isOutOfReach(host: string, others: readonly string[]): boolean {
  const hosts = others.map((address) => address.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''))
  return isLoopback(host) && hosts.length > 0 && !hosts.some(isLoopback)
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function advertisedHost({ advertise }: AddressSettings, own: Address, hostName: string): string {
  if (advertise === '') return isWildcard(own.host) ? hostName : own.host
  if (/^[\w.-]+$/.test(advertise) || /^[0-9a-fA-F:]+$/.test(advertise)) return advertise
  throw new ClusterSettingsError(
    `--advertise: "${advertise}" is no host; write the name or address under which the other agents reach this node, without a port`,
  )
}

/** Where the embedded server meets the cluster's others. @throws ClusterSettingsError */
export function routeAddress(settings: AddressSettings): Address {
  const text = settings['nats-route-addr']
  const own = settings['nats-addr']
  if (text === '') {
    if (own.port < 65_535) return { host: own.host, port: own.port + 1 }
    throw new ClusterSettingsError('--nats-route-addr: --nats-addr has the last port, so name an address here')
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port }
  throw new ClusterSettingsError(
    `--nats-route-addr: "${text}" is not allowed; give HOST:PORT, for example 10.0.0.1:8194`,
  )
}
