import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameAssembler, formatPart, parsePart, splitFrame } from './frame-parts.ts'

test('every frame comes back whole from its parts', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 40 }), (frame, limitBytes) => {
      const assembler = new FrameAssembler()
      const results = splitFrame(frame, limitBytes).map((part, place) => {
        expect(part.payload.length).toBeLessThanOrEqual(limitBytes)
        return assembler.add(10 + place, part)
      })
      expect(results.slice(0, -1).every((result) => result === null)).toBe(true)
      expect(Buffer.from(results.at(-1)?.payload ?? []).equals(Buffer.from(frame))).toBe(true)
    }),
  )
})

const bytes = (text: string) => Buffer.from(text)

test('a frame whose writer died in the middle is dropped', () => {
  const assembler = new FrameAssembler()
  assembler.add(1, { payload: bytes('a'), part: { index: 1, count: 3 } })
  assembler.add(2, { payload: bytes('b'), part: { index: 2, count: 3 } })
  expect(assembler.add(4, { payload: bytes('x'), part: { index: 1, count: 2 } })).toBeNull()
  expect(assembler.add(5, { payload: bytes('y'), part: { index: 2, count: 2 } })).toEqual({
    sequence: 5,
    payload: bytes('xy'),
  })
})

test('the rest of a frame whose beginning was purged is dropped', () => {
  const assembler = new FrameAssembler()
  expect(assembler.add(8, { payload: bytes('b'), part: { index: 2, count: 2 } })).toBeNull()
  expect(assembler.add(9, { payload: bytes('c'), part: null })).toEqual({ sequence: 9, payload: bytes('c') })
})

test('parts with a hole between them make no frame', () => {
  const assembler = new FrameAssembler()
  assembler.add(1, { payload: bytes('a'), part: { index: 1, count: 2 } })
  expect(assembler.add(3, { payload: bytes('b'), part: { index: 2, count: 2 } })).toBeNull()
})

test('a part number is written and read', () => {
  expect(parsePart(formatPart({ index: 2, count: 5 }))).toEqual({ index: 2, count: 5 })
  expect(parsePart('0/5')).toBeNull()
  expect(parsePart('')).toBeNull()
})
