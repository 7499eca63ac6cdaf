/**
 * An array of very many items as JSON: what `answer` would send, byte for byte, made in slices.
 *
 * Easy to get wrong: the whole is made before its first byte is sent. Only so is its length known, is an error still
 * answered as one, and do all items come from the list as it was.
 */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { TimeSlice } from '../../core/time-slice.ts'
import { answer, isPretty, jsonType } from './json-answer.ts'

const itemsOfPiece = 64

/**
 * Sends `items`, which nobody may change, with status 200.
 *
 * @param shown an item as it is answered; called for no more of them once the client is gone
 */
export async function answerList<Item>(
  request: FastifyRequest,
  reply: FastifyReply,
  items: readonly Item[],
  shown: (item: Item) => unknown,
): Promise<FastifyReply> {
  if (items.length <= itemsOfPiece) return answer(request, reply, 200, items.map(shown))
  const slice = new TimeSlice()
  const indented = isPretty(request)
  const pieces: Buffer[] = []
  for (let start = 0; start < items.length; start += itemsOfPiece) {
    if (slice.isOver) await slice.rest()
    if (reply.raw.destroyed) return reply
    const inner = innerText(items.slice(start, start + itemsOfPiece).map(shown), indented)
    pieces.push(Buffer.from(`${start === 0 ? '[' : ','}${inner}`))
  }
  pieces.push(Buffer.from(indented ? '\n]\n' : ']'))
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return reply.code(200).headers({ 'content-type': jsonType, 'content-length': length }).send(Readable.from(pieces))
}

/** The text of an array without its brackets, and without the line break before the second one. */
function innerText(values: readonly unknown[], indented: boolean): string {
  return indented ? JSON.stringify(values, null, 2).slice(1, -2) : JSON.stringify(values).slice(1, -1)
}
