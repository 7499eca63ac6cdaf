import { expect, test } from 'vitest'
import { newPart } from './logs-follow.ts'
import type { RunAnswer } from './logs-read.ts'
import { LogWriter, terminalSafe } from './logs-writer.ts'

function run(id: string, node: string): RunAnswer {
  return {
    id,
    node_name: node,
    attempt: 1,
    outcome: 'succeeded',
    reason: '',
    exit_code: 0,
    started_at: null,
    finished_at: null,
    duration_ms: 1,
  }
}

function writing(options: { readonly isJson?: boolean; readonly isTerminal?: boolean } = {}) {
  const written: string[] = []
  const write = (text: string) => written.push(text)
  const terminal = { columns: () => 80, rows: () => 24, hasColour: true, hasBlocks: true }
  const screen = { print: write, printError: write, write, terminal: options.isTerminal === true ? terminal : null }
  return { text: () => written.join(''), writer: new LogWriter({ screen, isJson: options.isJson === true }) }
}

test('the output of one execution goes to a pipe as it is', () => {
  const { writer, text } = writing()
  writer.announce([run('1', 'a')])
  for (const piece of ['x\u001b[2J', '', 'y']) writer.write(run('1', 'a'), 0, piece)
  writer.end(run('1', 'a'))
  expect(text()).toBe('x\u001b[2Jy')
})

test('of several nodes whole lines are written, each with its node', () => {
  const { writer, text } = writing()
  const [one, two] = [run('1', 'a'), run('2', 'long')]
  writer.announce([one, two])
  writer.write(one, 0, 'first\nsec')
  writer.write(two, 0, 'other\n')
  writer.write(one, 9, 'ond\nlast')
  writer.end(two)
  writer.end(one)
  expect(text()).toBe('a    | first\nlong | other\na    | second\na    | last\n')
})

test('a terminal gets colours and line breaks, nothing else that moves it, and a last line that is over', () => {
  const { writer, text } = writing({ isTerminal: true })
  writer.announce([run('1', 'a')])
  writer.write(run('1', 'a'), 0, '\u001b[31mred\u001b[0m\t\u001b[2J\u0007\r\nend')
  writer.end(run('1', 'a'))
  expect(text()).toBe('\u001b[31mred\u001b[0m\t·[2J·\r\nend\n')
  expect(terminalSafe('\u001b[31mred', false)).toBe('red')
})

test('as JSON each piece is a line, with where it begins', () => {
  const { writer, text } = writing({ isJson: true })
  writer.write(run('1', 'a'), 7, 'x\ny')
  writer.end(run('1', 'a'))
  const lines = text().trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { kind: 'output', id: '1', node_name: 'a', offset: 7, text: 'x\ny' },
    { kind: 'end', ...run('1', 'a') },
  ])
})

test('after a broken connection only what was not shown yet is written', () => {
  expect(newPart('größe', 0, 0)).toBe('größe')
  expect(newPart('größe', 0, Buffer.byteLength('grö'))).toBe('ße')
  expect(newPart('abc', 10, 13)).toBe('')
  expect(newPart('abc', 10, 8)).toBe('abc')
})
