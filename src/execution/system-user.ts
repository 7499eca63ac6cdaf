/**
 * Users of this machine, for jobs that run as somebody else.
 *
 * Easy to get wrong: only /etc/passwd and /etc/group are read. Users of LDAP and the like are unknown here.
 */
import { accessSync, constants, readFileSync } from 'node:fs'

export interface SystemUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** Groups beyond the primary one. */
  readonly supplementaryGids: readonly number[]
  readonly home: string
}

/** The contents of the two files. */
export interface UserFiles {
  readonly passwd: string
  readonly group: string
}

/** @returns the user, or null when there is none of that name (passwd(5), group(5)) */
export function findUser(files: UserFiles, name: string): SystemUser | null {
  const fields = lineFields(files.passwd).find((line) => line[0] === name)
  const uid = idOf(fields?.[2])
  const gid = idOf(fields?.[3])
  if (fields === undefined || name === '' || uid === null || gid === null) return null
  const gids = lineFields(files.group)
    .filter((line) => (line[3] ?? '').split(',').includes(name))
    .map((line) => idOf(line[2]))
    .filter((id) => id !== null && id !== gid)
  return { name, uid, gid, supplementaryGids: [...new Set(gids as number[])], home: fields[5] || '/' }
}

export function readUserFiles(): UserFiles {
  return { passwd: readFileSync('/etc/passwd', 'utf8'), group: readFileSync('/etc/group', 'utf8') }
}

/** The program that sets supplementary groups, which Node's own spawn clears; part of util-linux. */
export function findSetpriv(): string | null {
  return ['/usr/bin/setpriv', '/bin/setpriv'].find(isExecutable) ?? null
}

/**
 * Whether this agent can run commands as `name`; asked when a job is saved.
 *
 * @returns what is wrong, or null
 */
export function checkRunAsUser(name: string): string | null {
  const user = findUser(readUserFiles(), name)
  if (user === null) return `there is no user '${name}' on this machine`
  const ownUid = process.getuid?.() ?? 0
  if (user.uid === ownUid) return null
  if (ownUid !== 0) return `only an agent that runs as root can run commands as '${name}'`
  if (user.supplementaryGids.length > 0 && findSetpriv() === null)
    return `'${name}' is in several groups, which needs the program setpriv (package util-linux)`
  return null
}

function lineFields(text: string): string[][] {
  return text.split('\n').map((line) => line.split(':'))
}

function idOf(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
