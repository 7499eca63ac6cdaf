/** A NATS in operator mode, where accounts and users are told by signed tokens: its configuration, and one user's .creds file. */
import { nkeys } from '@nats-io/nats-core'

export interface OperatorAccess {
  /** Lines for the server's configuration. */
  readonly config: string
  /** Content of the .creds file. */
  readonly secret: string
  /** What must never be seen in a log. */
  readonly planted: string
}

export function operatorAccess(): OperatorAccess {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()]
  const system = nkeys.createAccount()
  const unlimited = { subs: -1, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1, wildcards: true }
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }
  const operatorToken = tokenOf(operator, operator, { type: 'operator' })
  const accountToken = tokenOf(operator, account, { type: 'account', limits: { ...unlimited, ...storage } })
  const userToken = tokenOf(account, user, { type: 'user', pub: {}, sub: {}, subs: -1, data: -1, payload: -1 })
  const systemToken = tokenOf(operator, system, { type: 'account', limits: unlimited })
  const config = `operator: ${operatorToken}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: { ${account.getPublicKey()}: ${accountToken}, ${system.getPublicKey()}: ${systemToken} }`
  const seed = Buffer.from(user.getSeed()).toString()
  const secret = `-----BEGIN NATS USER JWT-----
${userToken}
------END NATS USER JWT------

************************* IMPORTANT *************************
-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`
  return { config, secret, planted: seed }
}

/** A JWT as NATS signs them: https://docs.nats.io, JWTs; algorithm `ed25519-nkey`. */
function tokenOf(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, nats: Record<string, unknown>): string {
  const claims = {
    jti: subject.getPublicKey(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: 'test',
    sub: subject.getPublicKey(),
    nats: { ...nats, version: 2 },
  }
  const body = [{ typ: 'JWT', alg: 'ed25519-nkey' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${body}.${Buffer.from(issuer.sign(new TextEncoder().encode(body))).toString('base64url')}`
}
