/**
 * Memory outside the JavaScript heap, given back at once. The engine counts it and looks through its whole heap every few
 * megabytes of it, however little of the heap is garbage.
 *
 * Easy to get wrong: who frees must be the only one who has it. Every view of it is empty from then on.
 */

/** Frees the memory of `bytes` if they are all of it; a part of something larger is left to the engine. */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength > 0) buffer.transfer(0)
}
