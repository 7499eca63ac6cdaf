/**
 * Whether a node's certificate will be believed by the other nodes, asked before they refuse it without a word.
 *
 * Easy to get wrong: whoever is refused in TLS 1.3 learns it only from a connection that closes, so each mistake that can
 * be seen here is told here.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { messageOf } from '../core/errors.ts'
import type { TlsFiles } from './cluster-tls.ts'
import { ClusterSettingsError } from './errors.ts'

/** Longest chain of certificates that is followed. */
const mostSteps = 8

/**
 * @param host under which the others reach this node
 * @param nowMs epoch ms by this machine's clock
 * @throws ClusterSettingsError when the key is not the certificate's, the certificate is not valid now, is not of the
 * authority or names other hosts
 */
export function assertCertificateFits(files: TlsFiles, host: string, nowMs: number): void {
  const [leaf, ...between] = readCertificates('tls-cert-file', files.certPath)
  const authorities = readCertificates('tls-ca-file', files.caPath)
  if (leaf === undefined) return
  assertKey(leaf, files)
  assertDates(leaf, files.certPath, nowMs)
  if (!isIssuedBy(leaf, between, authorities))
    throw new ClusterSettingsError(
      `--tls-cert-file ${files.certPath} is not of the authority in --tls-ca-file ${files.caPath}; take the files of one "millrace keygen" for all nodes`,
    )
  assertHost(leaf, files.certPath, host)
}

function readCertificates(name: string, path: string): readonly X509Certificate[] {
  const blocks = readFileSync(path, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch (cause) {
    const text = `--${name} ${path} holds a certificate that cannot be read: ${messageOf(cause)}; make it again with "millrace keygen"`
    throw new ClusterSettingsError(text, { cause })
  }
}

function assertKey(leaf: X509Certificate, { certPath, keyPath }: TlsFiles): void {
  let isItsKey: boolean
  try {
    isItsKey = leaf.checkPrivateKey(createPrivateKey(readFileSync(keyPath, 'utf8')))
  } catch (cause) {
    const text = `--tls-key-file ${keyPath} holds no key that can be used without a pass phrase; give the key unencrypted, readable by the agent alone`
    throw new ClusterSettingsError(text, { cause })
  }
  if (isItsKey) return
  throw new ClusterSettingsError(`--tls-key-file ${keyPath} is not the key of --tls-cert-file ${certPath}`)
}

function assertDates(leaf: X509Certificate, path: string, nowMs: number): void {
  const [from, to] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()]
  if (nowMs >= from && nowMs <= to) return
  const what = nowMs > to ? `was valid until ${timeText(to)}` : `is valid only from ${timeText(from)} on`
  throw new ClusterSettingsError(
    `--tls-cert-file ${path} ${what}, and this machine's clock says ${timeText(nowMs)}; make a new certificate with "millrace keygen", or set the clock right`,
  )
}

function isIssuedBy(
  leaf: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): boolean {
  let current = leaf
  for (let step = 0; step < mostSteps; step += 1) {
    const isFrom = (other: X509Certificate) => current.checkIssued(other) && current.verify(other.publicKey)
    if (authorities.some(isFrom)) return true
    const next = between.find(isFrom)
    if (next === undefined) return false
    current = next
  }
  return false
}

function assertHost(leaf: X509Certificate, path: string, host: string): void {
  const named = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)
  if (named !== undefined) return
  throw new ClusterSettingsError(
    `--tls-cert-file ${path} is for ${leaf.subjectAltName ?? 'no host'}, not for ${host}, under which the other nodes reach this one; ` +
      `make one with "millrace keygen --host ${host}", or name the right host with --advertise`,
  )
}

function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`
}
