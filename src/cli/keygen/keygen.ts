/** `millrace keygen`: the secrets and certificates of a cluster, made once and copied to its nodes. */
import { statSync } from 'node:fs'
import { hostNames } from './host-names.ts'
import { fillKeyFolder, type KeyFile, type NodeKeys } from './key-folder.ts'

/**
 * Makes what is missing in the folder.
 *
 * @returns what to print: a line for each file or pair, with what it is for
 * @throws InvalidError for a host that is none, KeyFolderError
 */
export function keygen(folder: string, hosts: string): string {
  const { clusterToken, apiToken, authority, nodes } = fillKeyFolder(folder, hostNames(hosts))
  const lines = [
    `${state(clusterToken)} ${clusterToken.path}: on every node, --cluster-token-file ${clusterToken.path}`,
    `${state(apiToken)} ${apiToken.path}: on every node, --api-token-file ${apiToken.path}; for callers, --token-file`,
    `${state(authority.cert)} ${authority.cert.path}: on every node, --tls-ca-file ${authority.cert.path}`,
    `${state(authority.key)} ${authority.key.path}: on no node; this command needs it for further hosts`,
    ...nodes.map(nodeLine),
  ]
  if ((statSync(folder).mode & 0o077) !== 0)
    lines.push(`${folder} can be looked into by other accounts; the keys in it cannot, but chmod 700 is better`)
  return lines.join('\n')
}

/** Makes what is missing too. @returns an array of `{path, new, flag, host}`; `host` is null for what is every node's */
export function keygenJson(folder: string, hosts: string): string {
  const { clusterToken, apiToken, authority, nodes } = fillKeyFolder(folder, hostNames(hosts))
  const entry = ({ path, isNew }: KeyFile, flag: string | null, host: string | null = null) => ({
    path,
    new: isNew,
    flag,
    host,
  })
  const files = [
    entry(clusterToken, '--cluster-token-file'),
    entry(apiToken, '--api-token-file'),
    entry(authority.cert, '--tls-ca-file'),
    entry(authority.key, null),
    ...nodes.flatMap(({ host, cert, key }) => [
      entry(cert, '--tls-cert-file', host),
      entry(key, '--tls-key-file', host),
    ]),
  ]
  return JSON.stringify(files, null, 2)
}

function nodeLine({ host, cert, key }: NodeKeys): string {
  const flags = `--tls-cert-file ${cert.path} --tls-key-file ${key.path}`
  return `${state(cert)} ${cert.path}, ${key.path}: on ${host} alone, ${flags}`
}

function state({ isNew }: KeyFile): string {
  return isNew ? 'made' : 'kept'
}
