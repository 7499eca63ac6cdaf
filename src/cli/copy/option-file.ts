/**
 * MySQL option files (my.cnf), as far as a client's account is in them: user and password of the group [client].
 *
 * Source: MySQL 8.4 Reference Manual, 6.2.2.2 "Using Option Files".
 */

export interface ClientOptions {
  readonly user: string | null
  readonly password: string | null
}

/** Later lines win over earlier ones; what is no option of the group is passed over. */
export function parseOptionFile(text: string): ClientOptions {
  let isClient = false
  let found: ClientOptions = { user: null, password: null }
  for (const line of text.split(/\r?\n/).map((one) => one.trim())) {
    const group = /^\[([^\]]*)\]/.exec(line)
    if (group !== null) isClient = group[1] === 'client'
    const option = /^(user|password)\s*=\s*(.*)$/.exec(line)
    if (!isClient || option === null) continue
    const [, name, value = ''] = option
    found = { ...found, [name === 'user' ? 'user' : 'password']: readValue(value) }
  }
  return found
}

const escapes: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', r: '\r', s: ' ', '\\': '\\' }

function readValue(written: string): string {
  const quoted = /^(["'])(.*?)\1\s*(?:#.*)?$/.exec(written)
  // A hash begins a comment also in the middle of a line, unless it is in quotes.
  const text = quoted?.[2] ?? written.replace(/\s*#.*$/, '')
  return text.replace(/\\([btnrs\\])/g, (_whole, letter: string) => escapes[letter] ?? '')
}
