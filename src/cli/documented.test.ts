/** docs/cli.md and the program say the same: every command has a section with an example, every flag is in it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { buildProgram } from './program.ts'

const document = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8')
const silent = { print: () => {}, printError: () => {}, write: () => {}, terminal: null }
const program = buildProgram(
  { version: '0', runAgent: async () => {}, ...silent },
  { screen: silent, environment: {}, readInput: async () => '', show: () => {} },
)
/** Flags that many commands share are explained once. */
const common = new Set(['--address', '--token-file', '--json', '--help'])
/** Their flags are the settings, which the help lists. */
const settingsCommands = new Set(['agent', 'config show'])

function leaves(command: Command, path: readonly string[]): readonly (readonly [name: string, command: Command])[] {
  if (command.commands.length === 0) return [[path.join(' '), command]]
  return command.commands.flatMap((inner) => leaves(inner, [...path, inner.name()]))
}

const commands = leaves(program, [])

/** The text below the heading of a command, to the next heading. */
function sectionOf(name: string): string {
  const begin = document.search(new RegExp(`^### \`millrace ${name}(?: [A-Z][^\`]*)?\`$`, 'm'))
  expect(begin, `docs/cli.md has no section "### \`millrace ${name}\`"`).toBeGreaterThanOrEqual(0)
  return document.slice(begin).split(/\n##+ /)[0] ?? ''
}

test.each(commands.map(([name]) => name))('millrace %s has a section with an example', (name) => {
  expect(sectionOf(name)).toMatch(new RegExp(`\`\`\`sh\n[^\`]*millrace ${name}`))
})

test.each(commands)('every flag of millrace %s is documented, and no flag that is gone', (name, command) => {
  const section = sectionOf(name)
  const flags = command.options.flatMap(({ long, short }) => [long, short]).filter((flag) => flag != null)
  const own = settingsCommands.has(name) ? [] : flags.filter((flag) => !common.has(flag))
  expect(own.filter((flag) => !section.includes(`\`${flag}`))).toEqual([])
  const rows = [...section.matchAll(/^\| `(-[^`]*)`(?:, `(--[^`]*)`)?/gm)].flatMap(([, first, second]) => [
    first,
    second,
  ])
  const documented = rows.filter((flag) => flag !== undefined).map((flag) => flag.split(' ', 1)[0])
  expect(documented.filter((flag) => flag !== undefined && !flags.includes(flag))).toEqual([])
})

test('every section is about a command that is there', () => {
  const headings = [...document.matchAll(/^### `millrace ([a-z ]*[a-z])/gm)].map(([, name = '']) => name)
  expect(headings.filter((heading) => !commands.some(([name]) => name === heading))).toEqual([])
})

test('every command that asks an agent takes the flags that they share', () => {
  for (const [name, command] of commands) {
    const flags = command.options.map(({ long }) => long)
    if (flags.includes('--address')) expect(flags, name).toEqual(expect.arrayContaining(['--token-file', '--json']))
  }
})

test('every command but those that run in the foreground can print JSON', () => {
  const without = commands.filter(([, command]) => !command.options.some(({ long }) => long === '--json'))
  expect(without.map(([name]) => name).filter((name) => name !== 'copy')).toEqual(['agent'])
})
