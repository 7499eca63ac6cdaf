/**
 * A JSON cell whose text alone would not give back the same document.
 *
 *     cell = 0  text-length:uint32le  text  expression
 *
 * The expression is SQL of type JSON, for targets that have the type; the text is for those that don't. JSON text never
 * begins with a zero byte, so a cell tells which of the two it is.
 */
export interface ExactJson {
  readonly text: Buffer
  readonly expression: Buffer
}

const mark = 0
const headBytes = 5

export function isExactJson(cell: Uint8Array): boolean {
  return cell[0] === mark
}

export function encodeExactJson({ text, expression }: ExactJson): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUInt32LE(text.length, 1)
  return Buffer.concat([head, text, expression])
}

/** The parts of a cell of which `isExactJson` is true, as views. */
export function decodeExactJson(cell: Buffer): ExactJson {
  const textEnd = headBytes + cell.readUInt32LE(1)
  return { text: cell.subarray(headBytes, textEnd), expression: cell.subarray(textEnd) }
}
