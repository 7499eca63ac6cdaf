/** Which NATS addresses mean the cluster's own. */
import type { Member } from '../../model/member.ts'

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1|0\.0\.0\.0|::)$/

/** @param own where the cluster's NATS answers, as this node knows it */
export function isClusterNats(address: string, own: string, members: readonly Member[]): boolean {
  const places = [own, ...members.map((member) => placeText(member.address, member.natsPort))]
  return places.map(normal).includes(normal(address))
}

function placeText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
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
