import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OutputBuffer } from './output-buffer.ts'
import { OutputRows } from './output-rows.ts'
import { mostMatches, OutputSearch } from './output-search.ts'

function bufferOf(...parts: readonly string[]): OutputBuffer {
  const buffer = new OutputBuffer()
  for (const part of parts) buffer.append(part)
  return buffer
}

function linesOf(buffer: OutputBuffer): readonly string[] {
  return Array.from({ length: buffer.end - buffer.first }, (_, index) => buffer.line(buffer.first + index))
}

function rowTexts(rows: OutputRows): readonly string[] {
  return Array.from({ length: rows.count }, (_, index) => rows.row(index).text)
}

describe('the lines of an output', () => {
  test('are the same however the text was cut on its way', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', ' ') })), (parts) => {
        expect(linesOf(bufferOf(...parts))).toEqual(linesOf(bufferOf(parts.join(''))))
      }),
    )
  })

  test('do not count the break at the end as one more line', () => {
    expect(linesOf(bufferOf('a\nb\n'))).toEqual(['a', 'b'])
    expect(linesOf(bufferOf('a\n\nb'))).toEqual(['a', '', 'b'])
  })

  test('show what a terminal would: the last of what was written over, and no colour codes', () => {
    expect(linesOf(bufferOf('10%\r50%\r100%\ndone\r\n'))).toEqual(['100%', 'done'])
    expect(linesOf(bufferOf('\u001b[1;31mred\u001b[0m \u001b]0;title\u0007plain\n'))).toEqual(['red plain'])
  })

  test('keep their numbers when the oldest are let go', () => {
    const buffer = new OutputBuffer({ characters: 1_000_000, lines: 100 })
    for (let line = 0; line < 150; line += 1) buffer.append(`line ${line}\n`)
    expect(buffer.first).toBeGreaterThan(0)
    expect(buffer.line(149)).toBe('line 149')
    expect(buffer.end).toBe(150)
    expect(buffer.end - buffer.first).toBeLessThanOrEqual(100)
  })

  test('stay within the limit of characters, also when there is no line break at all', () => {
    const buffer = new OutputBuffer({ characters: 10_000, lines: 100 })
    for (let part = 0; part < 1_000; part += 1) buffer.append('x'.repeat(100))
    expect(buffer.line(0).length).toBeLessThanOrEqual(2_500)
  })
})

describe('the rows of an output', () => {
  test('hold every character once, in order, whatever the width', () => {
    const lines = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 100 }), { minLength: 1 })
    fc.assert(
      fc.property(lines, fc.integer({ min: 20, max: 60 }), (texts, columns) => {
        const buffer = bufferOf(`${texts.join('\n')}\n`)
        const rows = new OutputRows(buffer, columns)
        expect(rowTexts(rows).join('')).toBe(texts.join(''))
        for (let index = 0; index < rows.count; index += 1) {
          const { line, start, text } = rows.row(index)
          expect(text.length).toBeLessThanOrEqual(columns)
          expect(rows.rowAt(line, start)).toBe(index)
        }
      }),
    )
  })

  test('are the same when they grew as when they were made at once', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '\n'), maxLength: 60 })), (parts) => {
        const buffer = new OutputBuffer({ characters: 500, lines: 10 })
        const grown = new OutputRows(buffer, 20)
        for (const part of parts) {
          buffer.append(part)
          grown.update()
        }
        expect(rowTexts(grown)).toEqual(rowTexts(new OutputRows(buffer, 20)))
      }),
    )
  })

  test('tell how many vanished at the top, for a reader to stay at the same place', () => {
    const buffer = new OutputBuffer({ characters: 1_000_000, lines: 100 })
    const rows = new OutputRows(buffer, 20)
    buffer.append('x\n'.repeat(100))
    rows.update()
    buffer.append('x\n')
    expect(rows.update()).toBe(101 - rows.count)
  })
})

describe('a search', () => {
  function searched(buffer: OutputBuffer, needle: string): OutputSearch {
    const search = new OutputSearch(buffer, needle)
    while (!search.advance()) expect(search.isCut).toBe(false)
    return search
  }

  test('finds all places, also several in a line and in the line that is still open', () => {
    const search = searched(bufferOf('one error, two errors\nok\nerr', 'or'), 'error')
    expect(search.count).toBe(3)
    expect(search.match(2)).toEqual({ line: 2, start: 0, end: 5 })
    expect(search.match(3)).toBeNull()
  })

  test('takes the text as it is, and heeds case only when there is a capital', () => {
    const buffer = bufferOf('a.b A.B axb\n')
    expect(searched(buffer, 'a.b').count).toBe(2)
    expect(searched(buffer, 'A.B').count).toBe(1)
  })

  test('goes on with what comes later, a slice at a time', () => {
    const buffer = bufferOf('x\n'.repeat(1_000))
    const search = new OutputSearch(buffer, 'x')
    expect(search.advance(100)).toBe(false)
    expect(search.count).toBe(100)
    while (!search.advance(100));
    expect(search.count).toBe(1_000)
    buffer.append('x')
    search.advance()
    buffer.append('x\n')
    search.advance()
    expect(search.count).toBe(1_002)
  })

  test('forgets what the buffer let go', () => {
    const buffer = new OutputBuffer({ characters: 1_000_000, lines: 100 })
    buffer.append('x\n'.repeat(100))
    const search = searched(buffer, 'x')
    buffer.append('y\n')
    search.advance()
    expect(search.count).toBe(buffer.end - buffer.first - 1)
    expect(search.match(0)?.line).toBe(buffer.first)
  })

  test('counts up to a limit', () => {
    const search = searched(bufferOf('x\n'.repeat(mostMatches + 10)), 'x')
    expect(search.isCut).toBe(true)
    expect(search.count).toBeLessThanOrEqual(mostMatches + 1)
  })

  test('knows the marks of a row, and the next match from a line on', () => {
    const search = searched(bufferOf('aa bb aa\ncc\naa\n'), 'aa')
    expect(search.within(0, 1, 8).map(({ index }) => index)).toEqual([0, 1])
    expect(search.within(0, 2, 6)).toEqual([])
    expect(search.within(1, 0, 2)).toEqual([])
    expect(search.indexFrom(1)).toBe(2)
    expect(search.indexFrom(3)).toBe(0)
    expect(searched(bufferOf('aa'), 'zz').indexFrom(0)).toBe(-1)
  })
})
