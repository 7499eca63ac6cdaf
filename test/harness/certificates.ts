/** A certificate authority of a test's own, and certificates for servers by it, made by the openssl program. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface TestCertificate {
  readonly caPath: string
  readonly certPath: string
  readonly keyPath: string
}

const run = promisify(execFile)
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export class TestAuthority {
  readonly #folder: string
  readonly #name: string

  private constructor(folder: string, name: string) {
    this.#folder = folder
    this.#name = name
  }

  /** @param folder where all files go @param name tells authorities of one folder apart */
  static async make(folder: string, name = 'ca'): Promise<TestAuthority> {
    const authority = new TestAuthority(folder, name)
    const files = ['-keyout', authority.#path(`${name}.key`), '-out', authority.caPath]
    await run('openssl', ['req', '-x509', ...newKey, ...files, '-days', '2', '-subj', `/CN=${name}`])
    return authority
  }

  get caPath(): string {
    return this.#path(`${this.#name}.pem`)
  }

  /** @param subjects as openssl writes them, for example `IP:127.0.0.1` or `DNS:localhost` */
  async issue(name: string, subjects: readonly string[]): Promise<TestCertificate> {
    const [keyPath, certPath, requestPath, extensionPath] = ['key', 'pem', 'csr', 'ext'].map((end) =>
      this.#path(`${name}.${end}`),
    ) as [string, string, string, string]
    await run('openssl', ['req', ...newKey, '-keyout', keyPath, '-out', requestPath, '-subj', `/CN=${name}`])
    await writeFile(extensionPath, `subjectAltName=${subjects.join(',')}\nextendedKeyUsage=serverAuth,clientAuth\n`)
    const signing = ['-CA', this.caPath, '-CAkey', this.#path(`${this.#name}.key`), '-CAcreateserial', '-days', '2']
    await run('openssl', ['x509', '-req', '-in', requestPath, ...signing, '-extfile', extensionPath, '-out', certPath])
    return { caPath: this.caPath, certPath, keyPath }
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }
}
