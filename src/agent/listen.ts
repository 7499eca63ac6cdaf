/** Opens the two APIs' ports, with an error that names the flag when one cannot be had. */
import { createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Address } from '../config/option-kind.ts'
import type { Settings } from '../config/options.ts'
import { messageOf } from '../core/errors.ts'
import { ExposedError, ListenError, PortTakenError, SamePortError } from './errors.ts'

/** `--http-addr` or `--udup-addr`. */
export type AddressFlag = '--http-addr' | '--udup-addr'

/**
 * Tries the port before anything else is started, so that a taken one is told at once.
 *
 * @throws PortTakenError, ListenError
 */
export function assertPortFree(flag: AddressFlag, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error) => reject(listenError(flag, address, error)))
    probe.listen({ host: address.host, port: address.port, exclusive: true }, () => probe.close(() => resolve()))
  })
}

/** @throws SamePortError when two of the agent's own addresses are one */
export function assertDistinct(addresses: Readonly<Record<string, Address>>): void {
  const flagOf = new Map<string, string>()
  for (const [flag, { host, port }] of Object.entries(addresses)) {
    const text = `${host}:${port}`
    const other = flagOf.get(text)
    if (other !== undefined) throw new SamePortError([other, flag], text)
    flagOf.set(text, flag)
  }
}

/** @throws PortTakenError, ListenError */
export async function listen(flag: AddressFlag, address: Address, app: FastifyInstance): Promise<void> {
  try {
    await app.listen({ host: address.host, port: address.port })
  } catch (error) {
    throw listenError(flag, address, error)
  }
}

/** Without asking who calls, an API is command execution for everybody who can reach it. @throws ExposedError */
export function assertNotExposed(
  flag: AddressFlag,
  address: Address,
  settings: Pick<Settings, 'api-token-file' | 'insecure'>,
): void {
  if (settings['api-token-file'] !== '' || settings.insecure || isLoopback(address.host)) return
  throw new ExposedError(
    `${flag} ${address.host}:${address.port} is not a loopback address, and everybody who can reach it could run commands here; ` +
      'give --api-token-file FILE with a token that callers must show, or choose 127.0.0.1, or give --insecure when the ' +
      'network itself keeps others out',
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}

function listenError(flag: AddressFlag, address: Address, error: unknown): Error {
  const text = `${address.host}:${address.port}`
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return new PortTakenError(flag, text, { cause: error })
  return new ListenError(`cannot listen on ${text}: ${messageOf(error)}; choose another address with ${flag}`, {
    cause: error,
  })
}
