/**
 * What an agent does at its start: facts in, decision out.
 *
 * Easy to get wrong: only the node that its own --join names first may found a cluster, and only after it has asked the
 * others; any other node that founded one while it waits would make two.
 */

export interface StartFacts {
  /** What the data directory knows: its part in a cluster, or null. */
  readonly role: 'home' | 'server' | 'client' | null
  /** What --join names, `host:port` each. */
  readonly join: readonly string[]
  /** Under which of these addresses this node's own NATS server answers. */
  readonly ownAddresses: readonly string[]
  /** Servers of the cluster that the data directory knows, `host:port` each. */
  readonly knownServers: readonly string[]
}

export type StartDecision =
  /** This node's server holds the cluster's data. */
  | { readonly kind: 'resume-server'; readonly others: readonly string[] }
  | { readonly kind: 'found' }
  /** Asks for a short while whether a cluster is there already, and founds one when it is not. */
  | { readonly kind: 'look-then-found'; readonly others: readonly string[] }
  /** Waits for one of these as long as it takes. */
  | { readonly kind: 'join'; readonly others: readonly string[] }

export function foundOrJoin({ role, join, ownAddresses, knownServers }: StartFacts): StartDecision {
  const isOwn = (address: string) => ownAddresses.includes(address)
  const others = unique([...knownServers, ...join]).filter((address) => !isOwn(address))
  if (role === 'home' || role === 'server') return { kind: 'resume-server', others }
  if (role === 'client') return { kind: 'join', others }
  const [first] = join
  if (first === undefined) return { kind: 'found' }
  if (!isOwn(first)) return { kind: 'join', others }
  return others.length === 0 ? { kind: 'found' } : { kind: 'look-then-found', others }
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}
