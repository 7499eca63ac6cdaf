/**
 * Certificates for the connections between nodes: one authority of the cluster's own, and one certificate a host.
 *
 * Easy to get wrong: a node is server and client at once, because NATS servers verify each other, and it connects to its
 * own server by loopback. So a certificate is good for both uses, and names localhost besides its host.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import forge from 'node-forge'

/** Certificate and private key, each PEM. */
export interface KeyedCertificate {
  readonly certPem: string
  readonly keyPem: string
}

const keyBits = 3072
/** What expires unnoticed stops a cluster; whoever wants shorter lives makes new ones sooner. */
const authorityYears = 20
const nodeYears = 10
/** A clock that is behind must not take a new certificate for one of tomorrow. */
const backdatedMs = 24 * 3_600_000
/** The most that a common name may have (RFC 5280, ub-common-name). */
const longestCommonName = 64

/** A private key as PKCS #8 PEM. node:crypto makes it: hundreds of times as fast as forge, and with the system's entropy. */
export function makeKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: keyBits })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** @returns the authority's certificate, signed by its own key */
export function authorityCertificate(keyPem: string): string {
  // Two authorities must not look alike to a verifier that searches by name.
  const subject = commonName(`millrace cluster authority ${randomBytes(4).toString('hex')}`)
  const certificate = unsigned(keyPem, subject, authorityYears)
  certificate.setIssuer(subject)
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ])
  return signed(certificate, keyPem)
}

/**
 * @param host a DNS name or an IP address, in the form that `hostNames` gives
 * @returns the certificate of a node on that host, signed by `authority`
 */
export function nodeCertificate(authority: KeyedCertificate, keyPem: string, host: string): string {
  const issuer = forge.pki.certificateFromPem(authority.certPem)
  const certificate = unsigned(keyPem, commonName(host.slice(0, longestCommonName)), nodeYears)
  certificate.setIssuer(issuer.subject.attributes)
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    { name: 'subjectAltName', altNames: [...new Set([host, 'localhost', '127.0.0.1', '::1'])].map(alternativeName) },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ])
  return signed(certificate, authority.keyPem)
}

function unsigned(keyPem: string, subject: forge.pki.CertificateField[], years: number): forge.pki.Certificate {
  const { n, e } = forge.pki.privateKeyFromPem(keyPem)
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.setRsaPublicKey(n, e)
  // The top bit is off, since a serial number is positive (RFC 5280, 4.1.2.2).
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`
  certificate.validity.notBefore = new Date(Date.now() - backdatedMs)
  certificate.validity.notAfter = new Date()
  certificate.validity.notAfter.setUTCFullYear(certificate.validity.notAfter.getUTCFullYear() + years)
  certificate.setSubject(subject)
  return certificate
}

function signed(certificate: forge.pki.Certificate, keyPem: string): string {
  certificate.sign(forge.pki.privateKeyFromPem(keyPem), forge.md.sha256.create())
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n')
}

function commonName(value: string): forge.pki.CertificateField[] {
  return [{ name: 'commonName', value, valueTagClass: forge.asn1.Type.UTF8 as unknown as forge.asn1.Class }]
}

/** Kinds of general names (RFC 5280, 4.2.1.6): 2 is a DNS name, 7 an address. */
function alternativeName(host: string): object {
  return isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host }
}
