import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkCommand } from './check-command.ts'
import { splitWords } from './split-words.ts'

const words = (command: string) => {
  const split = splitWords(command)
  return split.kind === 'words' ? split.words : split.reason
}

const argumentsOf = (command: string) => {
  const split = splitWords(command)
  return split.kind === 'words' ? split.words.slice(1) : [split.reason]
}

test.each([
  ['plain words', 'echo a  b\tc\n', ['echo', 'a', 'b', 'c']],
  ['single quotes keep everything', `echo 'a $b \\ "c"'`, ['echo', 'a $b \\ "c"']],
  ['double quotes and what they escape', String.raw`echo "a \"b\" \$c \\ \d"`, ['echo', String.raw`a "b" $c \ \d`]],
  ['pieces join into one word', String.raw`ec'h'"o" a\ b`, ['echo', 'a b']],
  ['an empty word stays', `printf '' ""`, ['printf', '', '']],
  ['a line continued by a backslash', 'ec\\\nho "a\\\nb"', ['echo', 'ab']],
  ['operators are ordinary characters', 'echo a|b > c # d $e *', ['echo', 'a|b', '>', 'c', '#', 'd', '$e', '*']],
  ['an open single quote', `echo 'a`, 'has a single quote at position 6 that is never closed'],
  ['an open double quote', `echo "a`, 'has a double quote at position 6 that is never closed'],
  ['a backslash at the end', 'echo a\\', 'ends with a backslash that escapes nothing'],
  ['nothing but space', ' \t', 'is empty'],
  ['an empty program', `'' a`, 'has an empty program name'],
  ['a NUL', 'echo a\0b', 'contains a NUL character'],
] as const)('%s', (_name, command, expected) => {
  expect(words(command)).toEqual(expected)
})

test('words are split as sh splits them', () => {
  const plain = fc.string({ unit: fc.constantFrom(...'abZ09 \t-+=.,/:@%éß'), minLength: 1, maxLength: 4 })
  const escaped = fc.constantFrom(...'abc \'"\\$`*?|&;<>()#~!{}[]').map((char) => `\\${char}`)
  const single = fc.string({ unit: fc.constantFrom(...'ab \n"\\$`*|&;#'), maxLength: 5 }).map((text) => `'${text}'`)
  const inDouble = fc.oneof(
    fc.constantFrom(...`ab '|&;#*\n`),
    fc.constantFrom('\\$', '\\`', '\\"', '\\\\', '\\a', '\\\n'),
  )
  const double = fc.array(inDouble, { maxLength: 5 }).map((parts) => `"${parts.join('')}"`)
  const pieces = fc.array(fc.oneof(plain, escaped, single, double), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(fc.array(pieces, { minLength: 1, maxLength: 30 }), (commands) => {
      const texts = commands.map((parts) => `w ${parts.join('')}`)
      const script = texts.map((text) => `${text}\nend`).join('\n')
      const shown = execFileSync('/bin/sh', ['-c', `w() { printf '%s\\0' "$@"; }\nend() { printf '\\1'; }\n${script}`])
      const fromShell = shown.toString().split('\x01').slice(0, -1)
      // printf without arguments prints one empty word.
      const ours = texts.map((text) => `${argumentsOf(text).join('\0')}\0`)
      expect(ours).toEqual(fromShell)
    }),
    { numRuns: 40 },
  )
})

test('a shell command only has to be something', () => {
  expect(checkCommand(`echo 'a`, true)).toBeNull()
  expect(checkCommand('  ', true)).toBe('is empty')
  expect(checkCommand('a\0', true)).toBe('contains a NUL character')
  expect(checkCommand(`echo 'a`, false)).toContain('never closed')
})
