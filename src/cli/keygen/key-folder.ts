/**
 * The folder that `millrace keygen` fills, and fills up when it is run again.
 *
 * Easy to get wrong: nothing that is there is ever written again, because nodes already trust it. A run that broke off
 * between a key and its certificate is finished by the next one, with that key.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { authorityCertificate, type KeyedCertificate, makeKey, nodeCertificate } from './certificates.ts'

/** The folder of `millrace keygen` cannot be used, or lacks half of what must be in it. */
export class KeyFolderError extends MillraceError {
  readonly code = 'CLI_KEY_FOLDER'
  readonly remedy = 'operator'
}

export interface KeyFile {
  readonly path: string
  /** False: it was there. */
  readonly isNew: boolean
}

export interface NodeKeys {
  readonly host: string
  readonly cert: KeyFile
  readonly key: KeyFile
}

export interface KeyFolder {
  readonly clusterToken: KeyFile
  readonly apiToken: KeyFile
  readonly authority: { readonly cert: KeyFile; readonly key: KeyFile }
  readonly nodes: readonly NodeKeys[]
}

const secretMode = 0o600
const publicMode = 0o644

/**
 * @param hosts as `hostNames` gives them
 * @throws KeyFolderError
 */
export function fillKeyFolder(path: string, hosts: readonly string[]): KeyFolder {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const file = (name: string) => join(path, name)
    const secret = () => `${randomBytes(32).toString('hex')}\n`
    const clusterToken = keepOrMake(file('cluster-token'), secretMode, secret)
    const apiToken = keepOrMake(file('api-token'), secretMode, secret)
    const authority = keepOrMakePair(file('ca'), authorityCertificate)
    const nodes = hosts.map((host) => ({
      host,
      ...keepOrMakePair(file(host), (keyPem) => nodeCertificate(pairOf(file('ca')), keyPem, host)),
    }))
    return { clusterToken, apiToken, authority, nodes }
  } catch (error) {
    if (error instanceof MillraceError) throw error
    throw new KeyFolderError(
      `${path} cannot be filled with keys: ${messageOf(error)}; make it writable for this account or choose another with --dir`,
      { cause: error },
    )
  }
}

function keepOrMake(path: string, mode: number, make: () => string): KeyFile {
  if (existsSync(path)) return { path, isNew: false }
  // `wx`: should another run have made it meanwhile, that one stays.
  writeFileSync(path, make(), { flag: 'wx', mode })
  return { path, isNew: true }
}

function keepOrMakePair(base: string, certificateOf: (keyPem: string) => string): { cert: KeyFile; key: KeyFile } {
  const { certPath, keyPath } = pathsOf(base)
  // An authority's key may be kept elsewhere for good, and is missed only when something is to be signed.
  if (existsSync(certPath)) return { cert: { path: certPath, isNew: false }, key: { path: keyPath, isNew: false } }
  const key = keepOrMake(keyPath, secretMode, makeKey)
  const cert = keepOrMake(certPath, publicMode, () => certificateOf(readFileSync(keyPath, 'utf8')))
  return { cert, key }
}

function pairOf(base: string): KeyedCertificate {
  const { certPath, keyPath } = pathsOf(base)
  if (!existsSync(keyPath))
    throw new KeyFolderError(
      `${keyPath} is not there, and without it no host gets a certificate of ${certPath}; put it back`,
    )
  return { certPem: readFileSync(certPath, 'utf8'), keyPem: readFileSync(keyPath, 'utf8') }
}

function pathsOf(base: string): { readonly certPath: string; readonly keyPath: string } {
  return { certPath: `${base}.pem`, keyPath: `${base}-key.pem` }
}
