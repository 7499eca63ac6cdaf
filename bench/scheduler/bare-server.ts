/**
 * An HTTP server that answers everything with one text: what is left to gain for an API on Node's HTTP.
 *
 *     node bench/scheduler/bare-server.ts HEADERS BODY
 *
 * HEADERS is JSON. It listens on a free port of 127.0.0.1, prints the port, and ends with whoever reads that.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const [headers = '{}', body = ''] = process.argv.slice(2)
const head = { ...(JSON.parse(headers) as Record<string, string>), 'content-length': Buffer.byteLength(body) }
const server = createServer((_request, response) => response.writeHead(200, head).end(body))
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
process.stdin.on('end', () => process.exit()).resume()
