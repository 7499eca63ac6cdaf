import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OutputRing } from './output-ring.ts'

test('the ring holds the last bytes of whatever was written, however it was cut', () => {
  const chunks = fc.array(fc.uint8Array({ min: 32, max: 126, maxLength: 700 }), { maxLength: 30 })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5_000 }), chunks, (limitBytes, parts) => {
      const ring = new OutputRing(limitBytes)
      for (const part of parts) ring.write(part)
      const all = Buffer.concat(parts).toString()
      expect(ring.text()).toBe(limitBytes === 0 ? '' : all.slice(-limitBytes))
      expect(ring.text(100)).toBe(ring.text().slice(-100))
      expect(ring.totalBytes).toBe(all.length)
    }),
  )
})

test('the cut does not split a character', () => {
  const ring = new OutputRing(10)
  ring.write(Buffer.from('aaaa€€€€'))
  expect(ring.text()).toBe('€€€')
})

test('bytes that are not UTF-8 become U+FFFD, and the text is still not longer than the limit', () => {
  const ring = new OutputRing(100)
  ring.write(Buffer.alloc(1_000, 0xff))
  expect(Buffer.byteLength(ring.text())).toBeLessThanOrEqual(100)
  expect(ring.text()).toMatch(/^\ufffd{33}$/)
})

test('a byte order mark stays', () => {
  const ring = new OutputRing(100)
  ring.write(Buffer.from('\ufeffa'))
  expect(ring.text()).toBe('\ufeffa')
})

test('random bytes make valid text within the limit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.uint8Array({ maxLength: 600 }), (limitBytes, bytes) => {
      const ring = new OutputRing(limitBytes)
      ring.write(bytes)
      expect(Buffer.byteLength(ring.text())).toBeLessThanOrEqual(limitBytes)
      expect(ring.text().isWellFormed()).toBe(true)
    }),
  )
})

test('reading on from where one stopped gives every byte once, as long as the ring still has it', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3_000 }),
      fc.integer({ min: 1, max: 400 }),
      chunks,
      (limit, atOnce, parts) => {
        const ring = new OutputRing(limit)
        const written: number[] = []
        let offset = 0
        for (const part of parts) {
          ring.write(part)
          written.push(...part)
          const read = ring.read(offset, atOnce)
          expect(read.offset).toBe(Math.max(offset, written.length - limit))
          expect([...read.bytes]).toEqual(written.slice(read.offset, read.offset + atOnce))
          offset = read.offset + read.bytes.length
        }
        expect(ring.read(written.length + 5, 10)).toMatchObject({ offset: written.length })
      },
    ),
  )
})
