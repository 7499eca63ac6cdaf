import { expect, test } from 'vitest'
import { parseOptionFile } from './option-file.ts'

test.each([
  ['[client]\nuser=a\npassword=b', { user: 'a', password: 'b' }],
  ['# c\n[mysqld]\nuser=x\n[client]\r\n user = a # me\r\npassword="b # c"\r\n', { user: 'a', password: 'b # c' }],
  ["[client]\npassword = 'it\\s'\n[mysql]\npassword=other", { user: null, password: 'it ' }],
  ['[client]\npassword=first\npassword=a\\\\b', { user: null, password: 'a\\b' }],
  ['user=a\npassword=b', { user: null, password: null }],
  ['[client]\npassword=', { user: null, password: '' }],
  ['[client]\nport=3306\npassword', { user: null, password: null }],
])('%j', (text, options) => {
  expect(parseOptionFile(text)).toEqual(options)
})
