import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestAuthority, type TestCertificate } from '../../test/harness/certificates.ts'
import { assertCertificateFits } from './certificate-check.ts'
import { ClusterSettingsError } from './errors.ts'

const dayMs = 24 * 3_600_000

let folder: string
let ours: TestCertificate
let theirs: TestCertificate

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mr-certificates-'))
  const names = ['IP:10.0.0.1', 'DNS:a.example']
  ours = await (await TestAuthority.make(folder, 'ours')).issue('ours-a', names)
  theirs = await (await TestAuthority.make(folder, 'theirs')).issue('theirs-a', names)
})

afterAll(() => rmSync(folder, { recursive: true }))

const now = () => Date.now()

test('files that belong together fit each host that the certificate names', () => {
  for (const host of ['10.0.0.1', 'a.example']) expect(() => assertCertificateFits(ours, host, now())).not.toThrow()
})

test('an authority is found behind others in its file', () => {
  const caPath = join(folder, 'both.pem')
  writeFileSync(caPath, readFileSync(theirs.caPath, 'utf8') + readFileSync(ours.caPath, 'utf8'))
  expect(() => assertCertificateFits({ ...ours, caPath }, 'a.example', now())).not.toThrow()
})

test.each([
  ['another key', () => ({ ...ours, keyPath: theirs.keyPath }), 'a.example', 0, /--tls-key-file .* is not the key of/],
  [
    'another authority',
    () => ({ ...ours, caPath: theirs.caPath }),
    'a.example',
    0,
    /is not of the authority in --tls-ca/,
  ],
  ['another host', () => ours, 'b.example', 0, /is for .*a\.example, not for b\.example, .*keygen --host b\.example/],
  ['another address', () => ours, '10.0.0.2', 0, /not for 10\.0\.0\.2, .*--advertise/],
  ['a certificate that has expired', () => ours, 'a.example', 3 * dayMs, /was valid until .*Z, .*clock says/],
  ['a certificate of tomorrow', () => ours, 'a.example', -dayMs, /is valid only from .*Z on/],
])('%s is told', (_name, files, host, laterMs, message) => {
  const check = () => assertCertificateFits(files(), host, now() + laterMs)
  expect(check).toThrow(ClusterSettingsError)
  expect(check).toThrow(message)
})

test('a key that asks for a pass phrase cannot be used', () => {
  const keyPath = join(folder, 'locked.pem')
  const body = Buffer.from('planted').toString('base64')
  writeFileSync(keyPath, `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${body}\n-----END ENCRYPTED PRIVATE KEY-----\n`)
  expect(() => assertCertificateFits({ ...ours, keyPath }, 'a.example', now())).toThrow(/without a pass phrase/)
})
