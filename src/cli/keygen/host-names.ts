/** The hosts of `--host`: what a certificate can name, and what a file can be called by. */
import { isIP } from 'node:net'
import { InvalidError, type Issue } from '../../core/errors.ts'

const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/
const longest = 253

/**
 * @param text DNS names and addresses, comma separated, without ports
 * @returns them in lower case, each once
 * @throws InvalidError that names every one that is none
 */
export function hostNames(text: string): readonly string[] {
  const hosts = text
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '')
    .map((host) => host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, ''))
  const issues = hosts.flatMap((host): Issue[] => {
    const message = problemOf(host)
    return message === null ? [] : [{ field: '--host', value: host, message: `"${host}" ${message}` }]
  })
  if (issues.length > 0) throw new InvalidError(issues)
  return [...new Set(hosts)]
}

function problemOf(host: string): string | null {
  if (isIP(host) !== 0) return null
  // Their files would be called as the authority's, or as another host's key.
  if (host === 'ca' || host.endsWith('-key')) return 'cannot be told from the other files; give an address of that host'
  if (host.length <= longest && host.split('.').every((part) => label.test(part))) return null
  return 'is neither a DNS name nor an address; give hosts without ports, for example a.example,10.0.0.1'
}
