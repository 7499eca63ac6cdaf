/**
 * Frees the chunks that a socket delivers, once the driver has nothing of them any more: for results of which every row is
 * copied as it comes.
 *
 * Easy to get wrong: the driver keeps the beginning of a packet that is not whole yet as a view of its chunk.
 */
import { freeBytes } from '../core/free-bytes.ts'
import type { DriverConnection } from './driver.ts'

/** @returns ends it; chunks that came before its call and stay after its end are left to the engine */
export function freeSpentChunks(connection: DriverConnection): () => void {
  const { stream, packetParser } = connection
  const { buffer, largePacketParts } = packetParser ?? {}
  if (buffer === undefined || largePacketParts === undefined) return () => {}
  let unspent: Buffer[] = []
  // The driver's own listener was there first: it has taken the chunk by now.
  const onChunk = (chunk: Buffer) => {
    unspent.push(chunk)
    const kept = [...(packetParser?.buffer ?? []), ...(packetParser?.largePacketParts ?? [])]
    unspent = unspent.filter((one) => {
      const isKept = kept.some((view) => view.buffer === one.buffer)
      if (!isKept) freeBytes(one)
      return isKept
    })
  }
  stream.on('data', onChunk)
  return () => stream.off('data', onChunk)
}
