/** Which server it is, from the text in its greeting. */
export interface ServerVersion {
  readonly vendor: 'mysql' | 'mariadb'
  /** As the server says it, for example `9.7.0` or `10.11.14-MariaDB-0+deb12u2-log`. */
  readonly text: string
  readonly major: number
  readonly minor: number
  readonly patch: number
}

/**
 * Reads a version. MariaDB servers before 11 put `5.5.5-` before their own version in the greeting, so that old
 * replicas did not refuse it (sql/sql_acl.cc of MariaDB, RPL_VERSION_HACK).
 */
export function parseServerVersion(greeting: string): ServerVersion {
  const isMariadb = /mariadb/i.test(greeting)
  const text = isMariadb ? greeting.replace(/^5\.5\.5-/, '') : greeting
  const [, major = '0', minor = '0', patch = '0'] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? []
  return {
    vendor: isMariadb ? 'mariadb' : 'mysql',
    text,
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
  }
}

/** True when the server is of this vendor and at least this old. */
export function isVendorAtLeast(
  version: ServerVersion,
  vendor: 'mysql' | 'mariadb',
  [major, minor = 0, patch = 0]: readonly [number, number?, number?],
): boolean {
  if (version.vendor !== vendor) return false
  if (version.major !== major) return version.major > major
  if (version.minor !== minor) return version.minor > minor
  return version.patch >= patch
}
