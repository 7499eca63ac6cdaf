/** The options that all benchmarks of replication share. */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ServerKind } from '../../test/harness/mysql-servers.ts'
import { type FollowerName, followerNames } from './follower.ts'

const kinds: readonly ServerKind[] = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11']

/** For `parseArgs`. */
export const worldOptions = {
  kind: { type: 'string', default: 'mysql-9.7' },
  only: { type: 'string', multiple: true },
  workers: { type: 'string' },
  profile: { type: 'string' },
} as const

interface WorldValues {
  readonly kind: string
  readonly only?: readonly string[] | undefined
  readonly workers?: string | undefined
  readonly profile?: string | undefined
}

export interface WorldChoice {
  readonly kind: ServerKind
  readonly followers: readonly FollowerName[]
  readonly workers: number | undefined
  readonly profileDir: string | undefined
}

/** @throws Error for a kind of server or a follower that there is not */
export function worldChoice({ kind, only = followerNames, workers, profile }: WorldValues): WorldChoice {
  const profileDir = profile === undefined ? undefined : resolve(profile)
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true })
  return {
    kind: oneOf(kinds, kind, 'kind of server'),
    followers: only.map((name) => oneOf(followerNames, name, 'follower')),
    workers: workers === undefined ? undefined : Number(workers),
    profileDir,
  }
}

function oneOf<Name extends string>(names: readonly Name[], given: string, what: string): Name {
  const found = names.find((name) => name === given)
  if (found === undefined) throw new Error(`no ${what} '${given}': one of ${names.join(', ')}`)
  return found
}
