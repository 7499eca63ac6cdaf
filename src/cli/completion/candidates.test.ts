import { expect, test } from 'vitest'
import { buildProgram } from '../program.ts'
import { type Completed, complete } from './candidates.ts'
import { splitLine } from './split-line.ts'

const silent = { print: () => {}, printError: () => {}, write: () => {}, terminal: null }
const program = buildProgram(
  { version: '0', runAgent: async () => {}, ...silent },
  { screen: silent, environment: {}, readInput: async () => '', show: () => {} },
)

function completed(line: string): Completed {
  return complete(program, splitLine(line).slice(1))
}

function words(line: string): readonly string[] {
  const { wanted, typed } = completed(line)
  if (wanted.kind !== 'words') return [wanted.kind === 'files' ? ':files' : `:${wanted.of}`]
  return wanted.candidates.map(({ value }) => value).filter((value) => value.startsWith(typed))
}

test.each([
  ['millrace jo', ['jobs', 'job']],
  ['millrace job r', ['rm', 'run']],
  ['millrace job run ', [':job']],
  ['millrace job run a b', [':job']],
  ['millrace job show a b', []],
  ['millrace logs -f ', [':job']],
  ['millrace logs --execution x ', [':job']],
  ['millrace executions --limit ', []],
  ['millrace replication pause ', [':replication']],
  ['millrace replication stats -w ', [':replication']],
  ['millrace leave ', [':node']],
  ['millrace apply -f ', [':files']],
  ['millrace jobs --token-file ', [':files']],
  ['millrace keygen --dir ', [':files']],
  ['millrace jobs --status ', ['failing', 'succeeding', 'running', 'disabled', 'never']],
  ['millrace jobs --status=f', ['--status=failing']],
  ['millrace jobs --st', ['--status']],
  ['millrace completion ', ['bash', 'zsh', 'fish']],
  ['millrace nonsense ', []],
  ['millrace jobs --address 127.0.0.1:8080 --li', ['--limit']],
  ['millrace job run -- ', [':job']],
])('after %j comes %j', (line, expected) => {
  expect(words(line)).toEqual(expected)
})

test('the agent that is asked is the one that was typed', () => {
  const { flags } = completed('millrace logs --address=a:1,b:2 --token-file "my token" ')
  expect([...flags]).toEqual([
    ['--address', 'a:1,b:2'],
    ['--token-file', 'my token'],
  ])
})

test.each([
  ['millrace', ['millrace']],
  ['millrace ', ['millrace', '']],
  ['a  b c', ['a', 'b', 'c']],
  ['a "b c', ['a', 'b c']],
  [`a 'b "' c\\ d`, ['a', 'b "', 'c d']],
  ['a "" ', ['a', '', '']],
  ['a --x=1:2', ['a', '--x=1:2']],
])('the line %j is cut into %j', (line, expected) => {
  expect(splitLine(line)).toEqual(expected)
})
