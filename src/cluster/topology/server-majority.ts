/**
 * Whether enough NATS servers are there to agree: before, while and after they change.
 *
 * Easy to get wrong: a server that is added counts beside the one that it replaces until that one is taken out, so a change
 * passes through a larger group, which needs more servers than the one before and the one after.
 */

export interface CountedServer {
  readonly name: string
  /** Up, and with everything that it needs. */
  readonly isThere: boolean
}

export function isMajority(servers: readonly CountedServer[]): boolean {
  return servers.filter(({ isThere }) => isThere).length * 2 > servers.length
}

/** Whether the others can agree without it, also while some of them are away. */
export function canSpare(servers: readonly CountedServer[], name: string): boolean {
  return isMajority(servers) && isMajority(servers.filter((server) => server.name !== name))
}

/**
 * Whether a majority is there at each step of adding servers and then taking others out.
 *
 * @param added those that are still to come
 */
export function keepsMajority(
  servers: readonly CountedServer[],
  added: readonly CountedServer[],
  drop: readonly string[],
): boolean {
  const grown = [...servers, ...added]
  // Each one that is taken out leaves a group of its own.
  const steps = drop.map((_, index) => grown.filter(({ name }) => !drop.slice(0, index + 1).includes(name)))
  return [servers, grown, ...steps].every(isMajority)
}
