/** Which NATS addresses mean the cluster's own. */
import type { Member } from '../../model/member.ts'

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1|0\.0\.0\.0|::)$/

/** @param known where the cluster's NATS answers, as this node knows it */
export function isClusterNats(address: string, known: readonly string[], members: readonly Member[]): boolean {
  // Also of a node that runs no server now: the document's jobs name the agent beside which they were written.
  const places = [...known, ...members.map(memberNats)]
  return places.map(normal).includes(normal(address))
}

/** Where a member's own NATS server answers, if it runs one. */
export function memberNats({ address, natsPort }: Member): string {
  return address.includes(':') ? `[${address}]:${natsPort}` : `${address}:${natsPort}`
}

/** All names of the loopback interface are one. */
function normal(address: string): string {
  const colon = address.lastIndexOf(':')
  const host = address
    .slice(0, colon)
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
  return `${loopback.test(host) ? 'loopback' : host}:${Number(address.slice(colon + 1))}`
}
