/**
 * The key that seals the passwords in stored jobs: one for the whole cluster, kept in its records under the token's key.
 *
 * Easy to get wrong: the founder's own key is the cluster's, because its jobs may be sealed with it already; everybody
 * else replaces the one of its data directory.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SecretBox } from '../../core/secret-box.ts'
import type { ClusterSecrets } from '../cluster-secrets.ts'
import { writeDurably } from '../durable-file.ts'
import { ClusterTokenError } from '../errors.ts'
import type { ClusterStore } from './cluster-store.ts'

export interface SealKeyFacts {
  readonly dataDir: string
  readonly secrets: ClusterSecrets
  /** True where this node alone holds the cluster's data: its own key stands, whatever token sealed the shared one. */
  readonly isHome: boolean
}

/** @throws ClusterTokenError when the shared key was sealed under another token */
export async function openSealKey(store: ClusterStore, facts: SealKeyFacts): Promise<SecretBox> {
  const path = join(facts.dataDir, 'secrets', 'seal-key')
  const own = readKey(path)
  const shared = await store.sealKey()
  if (shared === null) {
    const key = own ?? randomBytes(32).toString('hex')
    // The key must be on disk before anything is sealed with it.
    if (own === null) writeDurably(path, `${key}\n`)
    if (await store.shareSealKey(facts.secrets.keyBox.seal(key))) return boxOf(key)
    return openSealKey(store, facts)
  }
  const key = openShared(facts.secrets, shared)
  if (key === null && facts.isHome && own !== null) {
    await store.replaceSealKey(facts.secrets.keyBox.seal(own))
    return boxOf(own)
  }
  if (key === null)
    throw new ClusterTokenError(
      'the cluster keeps its passwords under another token than this node has; give every agent the same --cluster-token-file',
    )
  if (key !== own) writeDurably(path, `${key}\n`)
  return boxOf(key)
}

function openShared(secrets: ClusterSecrets, shared: string): string | null {
  try {
    return secrets.keyBox.open(shared)
  } catch {
    return null
  }
}

function boxOf(key: string): SecretBox {
  return new SecretBox(Buffer.from(key, 'hex'))
}

function readKey(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
