import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { endsWithItsReader } from './lost-reader.ts'
import { buildProgram } from './program.ts'

const silent = { print: () => {}, printError: () => {}, write: () => {}, terminal: null }
const program = buildProgram(
  { version: '0', runAgent: async () => {}, ...silent },
  { screen: silent, environment: {}, readInput: async () => '', show: () => {} },
)

function leaves(command: Command, path: readonly string[]): readonly (readonly string[])[] {
  return command.commands.length === 0
    ? [path]
    : command.commands.flatMap((inner) => leaves(inner, [...path, inner.name()]))
}

test('a command that changes something does not end when its reader goes away', () => {
  const goOn = leaves(program, []).filter((path) => !endsWithItsReader([...path, 'argument']))
  expect(goOn.map((path) => path.join(' '))).toEqual([
    ...['apply', 'rm', 'enable', 'disable', 'run', 'stop'].map((name) => `job ${name}`),
    'run',
    ...['apply', 'pause', 'resume', 'rm'].map((name) => `replication ${name}`),
    ...['apply', 'copy', 'leave', 'agent', 'keygen'],
  ])
})
