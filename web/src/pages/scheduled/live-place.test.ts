import { expect, test } from 'vitest'
import { LivePlace } from './live-place.ts'
import { OutputBuffer } from './output-buffer.ts'

function shown(...events: readonly (readonly [number, string])[]): string {
  const buffer = new OutputBuffer()
  const place = new LivePlace(buffer)
  for (const [offset, text] of events) place.take({ offset, text })
  return Array.from({ length: buffer.end }, (_, line) => buffer.line(line)).join('\n')
}

test('pieces that follow each other become one text', () => {
  expect(shown([0, 'a\nb'], [3, 'c\n'], [5, 'd'])).toBe('a\nbc\nd')
})

test('what comes again after a broken stream is not shown twice, whatever its characters are', () => {
  expect(shown([0, 'grün\n'], [0, 'grün\n'])).toBe('grün')
  expect(shown([0, 'grün\nro'], [0, 'grün\nrot\n'])).toBe('grün\nrot')
})

test('a gap is said where it is', () => {
  expect(shown([0, 'a'], [1_501, 'b'])).toBe('a\n[1.5 kB left out here: written faster than they could be read]\nb')
})

test('a beginning that is not kept is said', () => {
  expect(shown([200, 'b'])).toBe('[the first 200 B are not kept]\nb')
})
