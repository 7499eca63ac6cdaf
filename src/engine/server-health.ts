/** What the status page tells of the NATS server. */
import type { Connection } from './connection.ts'

export interface ServerHealth {
  readonly isConnected: boolean
  readonly serverVersion: string
  readonly serverName: string
  readonly maxPayloadBytes: number
  /** Null while NATS does not answer. */
  readonly storage: {
    readonly fileBytes: number
    readonly memoryBytes: number
    readonly streams: number
    readonly consumers: number
  } | null
}

/** Never throws: being unreachable is an answer. */
export async function readServerHealth(connection: Connection): Promise<ServerHealth> {
  const facts = {
    serverVersion: connection.serverVersion,
    serverName: connection.nats.info?.server_name ?? '',
    maxPayloadBytes: connection.maxPayloadBytes,
  }
  try {
    const manager = await connection.manager()
    const usage = await connection.call('the NATS server does not tell its state', () => manager.getAccountInfo())
    const { storage: fileBytes, memory: memoryBytes, streams, consumers } = usage
    return { ...facts, isConnected: true, storage: { fileBytes, memoryBytes, streams, consumers } }
  } catch {
    return { ...facts, isConnected: connection.isConnected, storage: null }
  }
}
