/**
 * Addresses of NATS servers as users write them: `nats://user:password@host:4222`, `host:4222`, several with commas.
 *
 * Easy to get wrong: a name without a password in the address is a token, as the NATS tools read it.
 */
import { InvalidError } from '../core/errors.ts'

export interface ServerTarget {
  /** `host:port` of each. */
  readonly servers: readonly string[]
  readonly usesTls: boolean
  readonly user?: string
  readonly password?: string
  readonly token?: string
}

/** @throws InvalidError when an address cannot be read; the message repeats no secret */
export function parseServerUrl(text: string): ServerTarget {
  const urls = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseOne)
  const first = urls[0]
  if (first === undefined) throw notAnAddress()
  const user = decodeURIComponent(first.username)
  const password = decodeURIComponent(first.password)
  const secret = user === '' ? {} : password === '' ? { token: user } : { user, password }
  return {
    servers: urls.map((url) => `${url.hostname}:${url.port === '' ? '4222' : url.port}`),
    usesTls: urls.some((url) => url.protocol === 'tls:'),
    ...secret,
  }
}

function parseOne(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `nats://${text}`)
  if (url === null || url.hostname === '' || (url.protocol !== 'nats:' && url.protocol !== 'tls:')) throw notAnAddress()
  return url
}

function notAnAddress(): InvalidError {
  return new InvalidError([
    { field: 'nats', value: null, message: 'is no NATS address; write nats://[user:password@]host:port' },
  ])
}
