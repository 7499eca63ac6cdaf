/** TLS between nodes: three files or none. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Settings } from '../config/options.ts'
import { messageOf } from '../core/errors.ts'
import { ClusterSettingsError } from './errors.ts'

export interface TlsFiles {
  readonly caPath: string
  readonly certPath: string
  readonly keyPath: string
}

const names = ['tls-ca-file', 'tls-cert-file', 'tls-key-file'] as const

/**
 * @returns null when none is given
 * @throws ClusterSettingsError when only some are given, or one cannot be read or is no PEM
 */
export function readTlsFiles(settings: Pick<Settings, (typeof names)[number]>): TlsFiles | null {
  const given = names.filter((name) => settings[name] !== '')
  if (given.length === 0) return null
  const missing = names.filter((name) => settings[name] === '')
  if (missing.length > 0)
    throw new ClusterSettingsError(
      `--${missing[0]} is missing: ${given.map((name) => `--${name}`).join(' and ')} work only together with it; give all three or none`,
    )
  for (const name of names) assertPem(name, settings[name])
  return {
    caPath: resolve(settings['tls-ca-file']),
    certPath: resolve(settings['tls-cert-file']),
    keyPath: resolve(settings['tls-key-file']),
  }
}

function assertPem(name: string, path: string): void {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ClusterSettingsError(
      `--${name} ${path} cannot be read: ${messageOf(cause)}; correct the path or the file's mode`,
      {
        cause,
      },
    )
  }
  const wanted = name === 'tls-key-file' ? /-----BEGIN [A-Z ]*PRIVATE KEY-----/ : /-----BEGIN CERTIFICATE-----/
  if (wanted.test(text)) return
  const what = name === 'tls-key-file' ? 'private key' : 'certificate'
  throw new ClusterSettingsError(
    `--${name} ${path} holds no ${what} in PEM form; millrace keygen makes the three files`,
  )
}
