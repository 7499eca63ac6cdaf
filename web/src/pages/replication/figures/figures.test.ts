import { expect, test } from 'vitest'
import { sentence } from '../job-words.ts'
import { cureIn, cureLead, isCode } from './cure-text.ts'
import { shownPosition } from './position-text.ts'

test.each([
  [
    "user 'a'@'%' lacks REPLICATION SLAVE on 10.0.0.1:3306; run GRANT REPLICATION SLAVE ON *.* TO 'a'@'%'",
    "GRANT REPLICATION SLAVE ON *.* TO 'a'@'%'",
  ],
  [
    "user 'a'@'%' lacks SELECT for s.t on h:1; run GRANT SELECT ON `s;x`.`t` TO 'a'@'%', or on `s`.*",
    "GRANT SELECT ON `s;x`.`t` TO 'a'@'%'",
  ],
  [
    'the target h:1 has super_read_only = ON; run SET GLOBAL super_read_only = OFF there, or choose another target',
    'SET GLOBAL super_read_only = OFF',
  ],
  [
    "binlog_format is MIXED on h:1, it must be ROW; run SET GLOBAL binlog_format = 'ROW', set it in the configuration too, and reconnect all clients",
    "SET GLOBAL binlog_format = 'ROW'",
  ],
])('the cure in: %s', (message, statement) => {
  const cure = cureIn(message)
  expect(cure?.statement).toBe(statement)
  expect(message.startsWith(cure?.problem ?? '-')).toBe(true)
  expect(message.endsWith(cure?.after ?? '-')).toBe(true)
})

test('the privileges of one GRANT stay together', () => {
  const message = "user u lacks CREATE on `s`.* of the target h:1; run GRANT SELECT, INSERT, CREATE ON `s`.* TO 'u'@'%'"
  expect(cureIn(message)?.statement).toBe("GRANT SELECT, INSERT, CREATE ON `s`.* TO 'u'@'%'")
})

test('what is wrong, what the statement is for and other ways out are told apart', () => {
  const cure = cureIn(
    'changes are applied as SQL, which is slower; for row images run GRANT BINLOG REPLAY ON *.* TO u, or wait',
  )
  expect(cure).toEqual({
    problem: 'changes are applied as SQL, which is slower',
    purpose: 'for row images',
    statement: 'GRANT BINLOG REPLAY ON *.* TO u',
    after: 'or wait',
  })
  expect(cure === null ? '' : cureLead(cure, 'Run there')).toBe('For row images, run there:')
})

test('a message without a statement has no cure to copy', () => {
  expect(cureIn('the server h:1 cannot be reached; check host and port')).toBeNull()
})

test.each([
  ['0-1-4711 (bin.000003:99)', '0-1-4711', 'bin.000003:99', ['domain 0, server 1: 4,711']],
  [
    '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-1234567,\n8a94f357-aab4-11df-86ab-c80aa9429444:1-3:5-9',
    '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-1234567,\n8a94f357-aab4-11df-86ab-c80aa9429444:1-3:5-9',
    '',
    ['server 3e11fa47…: 1,234,567', 'server 8a94f357…: 9'],
  ],
  ['bin.000003:99', '', 'bin.000003:99', []],
  ['(no GTIDs) (bin.000003:99)', '', 'bin.000003:99', []],
  ['', '', '', []],
])('the position %s', (text, gtids, place, parts) => {
  const shown = shownPosition(text)
  expect(shown).toMatchObject({ gtids, place })
  expect(shown.parts.map(({ name, upTo }) => `${name}: ${upTo}`)).toEqual(parts)
})

test.each([
  ['GRANT SELECT ON *.* TO `a`@`%`', true],
  ["SET GLOBAL binlog_format = 'ROW'", true],
  ['log_bin=binlog\nbinlog_format=ROW', true],
  ['put the row back, or copy the table again', false],
  ['set DropTableIfExists', false],
])('the cure "%s" is shown as code: %s', (cure, expected) => {
  expect(isCode(cure)).toBe(expected)
})

test.each([
  ['the target stands still', 'The target stands still.'],
  ['binlog_format is MIXED', 'binlog_format is MIXED.'],
  ['shop.orders has no key', 'shop.orders has no key.'],
  ['paused; resume it', 'Paused; resume it.'],
  ['', ''],
])('the message "%s" becomes a sentence', (message, expected) => {
  expect(sentence(message)).toBe(expected)
})
