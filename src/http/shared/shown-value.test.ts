import { expect, test } from 'vitest'
import { shownValue } from './shown-value.ts'

test.each<[string, unknown, unknown]>([
  ['Name', 'orders', 'orders'],
  ['Password', 'planted', '******'],
  ['Password', 4711, '******'],
  ['Passwords[3]', ['planted'], '******'],
  [
    'Config',
    { ConnectionConfig: { Password: 'planted', Port: 0 } },
    { ConnectionConfig: { Password: '******', Port: 0 } },
  ],
  ['NatsAddr', 'nats://u:planted@n:4222', 'nats://u:******@n:4222'],
  ['Tasks[0]', 'root:planted@tcp(db:3306)/shop', 'root:******@tcp(db:3306)/shop'],
  ['Tasks[0]', 'Host=h;Password=planted 1;Port=3', 'Host=h;Password=******'],
  ['Tasks[0]', '{"Password": "planted"}', '{"Password": ******'],
  ['Host', 'db.example:3306', 'db.example:3306'],
])('what an answer shows of %s, %j', (field, value, shown) => {
  expect(shownValue(field, value)).toEqual(shown)
})
