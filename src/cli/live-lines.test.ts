import { expect, test } from 'vitest'
import { LiveLines } from './live-lines.ts'
import { painted, type Terminal, terminalOf } from './screen.ts'

function terminal(change: Partial<Terminal> = {}): Terminal {
  return { columns: () => 10, rows: () => 4, hasColour: true, hasBlocks: true, ...change }
}

function drawing(shown: Terminal) {
  const written: string[] = []
  const write = (text: string) => written.push(text)
  return { written, live: new LiveLines({ print: write, printError: write, write, terminal: shown }) }
}

test('each frame goes back by as many lines as the one before had', () => {
  const { written, live } = drawing(terminal())
  live.draw(['a', 'b'])
  live.draw(['c'])
  live.draw([])
  expect(written).toEqual(['a\u001b[K\nb\u001b[K\n\u001b[J', '\u001b[2A\rc\u001b[K\n\u001b[J', '\u001b[1A\r\u001b[J'])
})

test('no line is wider than the terminal, and no frame higher', () => {
  const { written, live } = drawing(terminal())
  live.draw(['0123456789abc', '\u001b[31m红色的字很多\u001b[39m', '3', '4', '5'])
  expect(written[0]?.split('\n')).toEqual([
    '012345678\u001b[K',
    '\u001b[31m红色的字\u001b[39m\u001b[K',
    '3\u001b[K',
    '\u001b[J',
  ])
})

test('only a terminal has colours, and not where NO_COLOR is set', () => {
  const output = { isTTY: true, columns: 0, rows: 0 } as NodeJS.WriteStream
  const shown = terminalOf(output, { LANG: 'de_DE.UTF-8' })
  expect([shown?.columns(), shown?.rows(), shown?.hasColour, shown?.hasBlocks]).toEqual([80, 24, true, true])
  expect(terminalOf(output, { NO_COLOR: '1', LC_ALL: 'C', LANG: 'en.utf8' })).toMatchObject({
    hasColour: false,
    hasBlocks: false,
  })
  expect(terminalOf({ isTTY: false } as NodeJS.WriteStream, {})).toBeNull()
  expect(painted({ terminal: null }, 'red', 'x')).toBe('x')
  expect(painted({ terminal: terminal({ hasColour: false }) }, 'red', 'x')).toBe('x')
  expect(painted({ terminal: terminal() }, 'red', 'x')).toBe('\u001b[31mx\u001b[39m')
})
