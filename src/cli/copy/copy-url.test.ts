import { expect, test } from 'vitest'
import { InvalidError } from '../../core/errors.ts'
import { parseServerUrl } from './copy-url.ts'

test.each([
  ['mysql://root@db1', { host: 'db1', port: 3306, user: 'root', password: null }],
  ['mysql://root@db1:3307/', { host: 'db1', port: 3307, user: 'root', password: null }],
  ['mariadb://a%40b:p%3Aq%2Fr@10.0.0.1:1', { host: '10.0.0.1', port: 1, user: 'a@b', password: 'p:q/r' }],
  ['mysql://root:@db1', { host: 'db1', port: 3306, user: 'root', password: '' }],
  ['mysql://root:a:b@db1', { host: 'db1', port: 3306, user: 'root', password: 'a:b' }],
  ['mysql://[::1]:3307', { host: '::1', port: 3307, user: null, password: null }],
])('%s is read', (text, url) => {
  expect(parseServerUrl(text, '--from')).toEqual(url)
})

test.each([
  ['db1:3306', /must be mysql:\/\/USER@HOST:PORT/],
  ['postgres://root@db1', /must be mysql/],
  ['mysql://root:secret word@', /must be mysql/],
  ['mysql://root:se/cret@db1', /must be mysql/],
  ['mysql://root:secret@db1/shop', /must end after the port.*--schemas/],
  ['mysql://root:secret@db1:99999', /port/],
  ['mysql://root:secret@db1:0', /port/],
  ['mysql://root:secret%zz@db1', /%25/],
  ['', /must be mysql/],
])('%s is refused without a word of it', (text, message) => {
  const read = () => parseServerUrl(text, '--to')
  expect(read).toThrow(InvalidError)
  expect(read).toThrow(message)
  expect(read).not.toThrow(/secret|se\/cret/)
})
