import { expect, test } from 'vitest'
import type { Member } from '../../model/member.ts'
import { memberJson } from './member-json.ts'

const member: Member = {
  nodeId: '5c0f2e6e-6f0b-4f64-9d8a-0c1f5ad0a001',
  nodeName: 'node-1',
  status: 'alive',
  address: '127.0.0.1',
  dkronPort: 8080,
  udupPort: 8190,
  natsPort: 8193,
  natsRoutePort: 8194,
  natsRole: 'server',
  tags: { role: 'web', dkron_server: 'no' },
  version: '0.1.0',
  startedAt: 0,
}

test("a member has Serf's fields, numbers and the tags that every server carries", () => {
  expect(memberJson(member)).toEqual({
    Name: 'node-1',
    Addr: '127.0.0.1',
    Port: 8193,
    Tags: { role: 'web', dkron_server: 'true', dkron_version: '0.7.2', millrace_version: '0.1.0' },
    Status: 1,
    ProtocolMin: 1,
    ProtocolMax: 4,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 4,
    DelegateCur: 4,
  })
})

test.each([
  ['alive', 1],
  ['leaving', 2],
  ['left', 3],
  ['failed', 4],
] as const)('a member that is %s has status %i', (status, number) => {
  expect(memberJson({ ...member, status }).Status).toBe(number)
})
